using Gflow.Client.Platform;
using Gflow.Core;
using Gflow.Core.Text;

namespace Gflow.Client.Submitting;

/// <summary>Looks for the first word of a command where the job's shell would, so that a slip is no job.</summary>
/// <param name="directory">Absolute: where the job is to run.</param>
/// <param name="environment">What it is to find in its environment.</param>
public sealed class ProgramSearch(string directory, IReadOnlyDictionary<string, string> environment)
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const int MostFiles = 10_000;

    // Those of bash(1) that a job could consist of; "wait" and the like concern other jobs, and are meant for gflow.
    private static readonly HashSet<string> OfTheShell =
    [
        ".", ":", "[", "[[", "!", "{", "(", "builtin", "case", "cd", "command", "declare", "echo", "enable", "eval", "exec", "exit", "export", "false", "for",
        "function", "if", "let", "mapfile", "printf", "pushd", "pwd", "read", "readarray", "select", "set", "shopt", "source", "test", "time", "times",
        "trap", "true", "type", "ulimit", "umask", "unset", "until", "while",
    ];

    private static readonly Dictionary<string, string> Meant = new()
    {
        ["add"] = "gbatch without it",
        ["submit"] = "gbatch without it",
        ["run"] = "gbatch without it",
        ["sbatch"] = "gbatch without it",
        ["list"] = "gqueue",
        ["queue"] = "gqueue",
        ["status"] = "gqueue",
        ["jobs"] = "gqueue",
        ["history"] = "gqueue -a",
        ["log"] = "gjob log",
        ["logs"] = "gjob log",
        ["output"] = "gjob log",
        ["follow"] = "gjob log -f",
        ["show"] = "gjob show",
        ["hold"] = "gjob hold",
        ["release"] = "gjob release",
        ["update"] = "gjob update",
        ["redo"] = "gjob redo",
        ["restart"] = "gjob redo",
        ["wait"] = "gjob wait",
        ["cancel"] = "gcancel",
        ["remove"] = "gcancel",
        ["delete"] = "gcancel",
        ["stats"] = "gstats",
        ["start"] = "gflowd start",
        ["stop"] = "gflowd stop",
    };

    /// <summary>Why a command that begins with this word is probably a slip; null when it can be run, and where nobody can tell.</summary>
    public Problem? Fault(string word) => word switch
    {
        "completion" => new Problem(ProblemCode.NotAvailable, "gbatch completion is not available in this version; there are no completion scripts yet"),
        _ when word.Contains('/') => FaultOfPath(word),
        _ when OfTheShell.Contains(word) || environment.ContainsKey($"BASH_FUNC_{word}%%") => null,
        _ => environment.TryGetValue("PATH", out var path) ? FaultOfName(word, [.. path.Split(':').Select(entry => Path.Combine(directory, entry))]) : null,
    };

    private Problem? FaultOfPath(string word)
    {
        if (File.Exists(WorkingDirectory.Under(directory, word)))
        {
            return null;
        }

        var place = Path.GetDirectoryName(word) ?? "";
        var nearest = NearestText.Find(Path.GetFileName(word), Files(Path.Combine(directory, place)));
        return Slip(word, $"no file in {directory}", nearest is null ? null : Path.Combine(place, nearest));
    }

    /// <summary>Directories whose names are not UTF-8 cannot be looked into, and may have anything.</summary>
    private Problem? FaultOfName(string word, string[] directories) => directories.Any(entry => !ByteText.IsUtf8(entry) || IsProgram(Path.Combine(entry, word)))
        ? null
        : Slip(word, "neither a file here nor a program on the job's PATH", Meant.GetValueOrDefault(word) ?? NearestText.Find(word, directories.Prepend(directory).SelectMany(Files)));

    private static Problem Slip(string word, string what, string? nearest) => new(
        ProblemCode.NoSuchScript,
        $"\"{word}\" is {what}{(nearest is null ? "; check its name" : $"; did you mean {nearest}?")}\nto submit it all the same, write -- before it: gbatch -- {ShellText.Quote(word)}");

    private static IEnumerable<string> Files(string place)
    {
        try
        {
            return [.. Directory.EnumerateFiles(place).Take(MostFiles).Select(file => Path.GetFileName(file))];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return [];
        }
    }

    private static bool IsProgram(string file)
    {
        try
        {
            return File.Exists(file) && (File.GetUnixFileMode(file) & Executable) != 0;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
