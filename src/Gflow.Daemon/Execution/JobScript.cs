using System.Text;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Daemon.Execution;

/// <summary>What to execute for a job: its command, by bash unless bash would only execute it; or its stored script by the interpreter its first line names.</summary>
/// <param name="Program">argv[0].</param>
/// <param name="Arguments">The rest of argv.</param>
internal sealed record JobScript(string Program, IReadOnlyList<string> Arguments)
{
    private const string Bash = "/bin/bash";

    // They read a text from another place under the script's own name (POSIX, "dot" and sh -c).
    private static readonly string[] Shells = ["sh", "bash", "dash", "ash", "ksh", "mksh"];

    // Where interpreters look for modules, beside the script's own directory.
    private static readonly (string Interpreter, string Variable)[] ModulePaths = [("python", "PYTHONPATH"), ("pypy", "PYTHONPATH"), ("perl", "PERL5LIB")];

    /// <summary>The file that is run, as long as it holds what was submitted; null for what has no such file.</summary>
    public OriginalScript? Original { get; private init; }

    /// <param name="copy">Where the stored bytes of the script lie; null for commands.</param>
    /// <param name="environment">The job's own.</param>
    /// <param name="looksForPrograms">Whether a program may be looked for in that environment here, and not by bash alone.</param>
    public static JobScript Of(JobSpec spec, byte[]? script, string? copy, IReadOnlyList<string> environment, bool looksForPrograms)
    {
        if (script is null || copy is null)
        {
            return looksForPrograms && PlainCommand.TryRead(spec.Command!, environment) is { } words
                ? new(words[0], words[1..])
                : new(Bash, ["-c", spec.Command!]);
        }

        var (interpreter, argument) = Shebang(script);
        string[] options = argument is null ? [] : [argument];
        if (spec.Script is not { } path || !path.StartsWith('/'))
        {
            return new(interpreter, [.. options, copy, .. spec.Arguments]);
        }

        var name = ProgramOf(interpreter, argument);

        // A lone dash ends a shell's options, and there is one more to come.
        IReadOnlyList<string> HeadOf(string file) => Shells.Contains(name)
            ? [.. argument is "-" or "--" ? [] : options, "-c", $". {ShellText.Join([file])}", path]
            : [.. options, file];

        // Hidden from whoever lists the directory, and no name that another daemon's job chooses.
        var beside = Path.Combine(Path.GetDirectoryName(path)!, $".gflow-{Path.GetFileName(copy)}-{Random.Shared.Next():x8}-{Path.GetFileName(path)}");
        return new(interpreter, [.. options, path, .. spec.Arguments])
        {
            Original = new(path, copy, beside, options.Length + 1, HeadOf(copy), HeadOf(beside), ModulesBeside(path, name, environment)),
        };
    }

    /// <summary>Reads the first line as execve(2) does on Linux: one interpreter and at most one argument, which may hold blanks. Bash where there is none.</summary>
    public static (string Interpreter, string? Argument) Shebang(ReadOnlySpan<byte> script)
    {
        if (!script.StartsWith("#!"u8))
        {
            return (Bash, null);
        }

        var end = script.IndexOf((byte)'\n');
        var line = Encoding.UTF8.GetString(end < 0 ? script[2..] : script[2..end]).Trim();
        var blank = line.AsSpan().IndexOfAny(' ', '\t');
        return line.Length == 0 ? (Bash, null)
            : blank < 0 ? (line, null)
            : (line[..blank], line[blank..].Trim());
    }

    /// <summary>The name of the program that reads the script, looked for behind env(1) too.</summary>
    private static string ProgramOf(string interpreter, string? argument)
    {
        var program = Path.GetFileName(interpreter) == "env"
            ? argument?.Split(' ', '\t').FirstOrDefault(word => word.Length > 0 && word[0] != '-' && !word.Contains('=')) ?? ""
            : interpreter;
        return Path.GetFileName(program);
    }

    /// <summary>The variable that has the interpreter look for modules beside the original first; null for interpreters that have none.</summary>
    private static string? ModulesBeside(string path, string program, IReadOnlyList<string> environment)
    {
        if (Array.Find(ModulePaths, entry => program.StartsWith(entry.Interpreter, StringComparison.Ordinal)).Variable is not { } variable)
        {
            return null;
        }

        var before = environment.FirstOrDefault(entry => entry.StartsWith($"{variable}=", StringComparison.Ordinal))?[(variable.Length + 1)..];
        var directory = Path.GetDirectoryName(path);
        return $"{variable}={(before is { Length: > 0 } ? $"{directory}:{before}" : directory)}";
    }
}

/// <summary>A script that may still be where it was submitted from.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Copy">Where the stored bytes lie, that it is compared with.</param>
/// <param name="Beside">Where another copy may lie while the job runs, for interpreters that know no more than the name of the file they read.</param>
/// <param name="HeadLength">How many arguments, from argv[1] on, are others when a copy runs.</param>
/// <param name="CopyHead">Those for the copy.</param>
/// <param name="BesideHead">Those for the copy beside the original.</param>
/// <param name="CopyVariable">As <c>KEY=VALUE</c>, by which a copy finds what lies beside the original; null for none.</param>
internal sealed record OriginalScript(string Path, string Copy, string Beside, int HeadLength, IReadOnlyList<string> CopyHead, IReadOnlyList<string> BesideHead, string? CopyVariable);
