using System.Buffers;
using Gflow.Client.Platform;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Submission;
using Gflow.Core.Text;

namespace Gflow.Client.Submitting;

/// <summary>What a submission runs, found from its words or its standard input.</summary>
/// <param name="Draft">Script or command; nothing else.</param>
/// <param name="ScriptText">The script as text, for its directives; null for commands.</param>
/// <param name="Shown">What messages call it.</param>
public sealed record JobSource(SubmissionDraft Draft, string? ScriptText, string Shown)
{
    private static readonly SearchValues<char> ShellSyntax = SearchValues.Create(" \t\n;&|<>$`(){}'\"*?");

    /// <summary>What a script is called of which only the file's name is of interest.</summary>
    public string FileName => Draft.Script is { } path ? Path.GetFileName(path) : "standard input";

    /// <param name="directory">Absolute: where relative paths begin.</param>
    /// <param name="openInput">Where a script is read from that no word names.</param>
    /// <param name="programs">Finds slips in the first word of a command; null when the words are meant as they are.</param>
    public static Result<JobSource> From(IReadOnlyList<string> words, string directory, Func<Stream> openInput, ProgramSearch? programs = null) => words switch
    {
        ["-"] or [] => FromInput(openInput),
        ["-", ..] => new Problem(ProblemCode.Usage, "- reads the script from standard input and takes no further words"),
        [""] => new Problem(ProblemCode.Usage, "the command is empty; give a script or a command"),
        [var first, ..] when File.Exists(WorkingDirectory.Under(directory, first)) => FromFile(first, words, directory),
        [var only] => FromText(only, directory, programs),
        [var first, ..] => programs?.Fault(first) is { } slip ? slip : FromCommand(ShellText.Join(words)),
    };

    private static JobSource FromCommand(string command) => new(new() { Command = command }, null, command);

    private static Result<JobSource> FromFile(string path, IReadOnlyList<string> words, string directory)
    {
        var absolute = Path.GetFullPath(Path.Combine(directory, path));
        try
        {
            using var file = File.OpenRead(WorkingDirectory.Under(directory, path));

            // A compiled program finds its libraries and its virtual environment by its own place, so a copy of it would not do.
            return IsCompiled(file) ? FromCommand(ShellText.Join(words)) : FromBytes(Drain(file), absolute, absolute, [.. words.Skip(1)]);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            // Of these two, what the framework says is left out of the program.
            var why = error switch { UnauthorizedAccessException => "permission denied", FileNotFoundException => "it is gone", _ => error.Message };
            return new Problem(ProblemCode.UnreadableScript, $"{absolute} cannot be read: {why}");
        }
    }

    private static Result<JobSource> FromText(string text, string directory, ProgramSearch? programs)
    {
        if (Directory.Exists(WorkingDirectory.Under(directory, text)))
        {
            return new Problem(ProblemCode.NotAScript, $"\"{text}\" is a directory; give a script or a command");
        }

        // A word without blanks and shell syntax is the name of a program.
        return !text.AsSpan().ContainsAny(ShellSyntax) && programs?.Fault(text) is { } slip ? slip : FromCommand(text);
    }

    private static Result<JobSource> FromInput(Func<Stream> open)
    {
        using var input = open();
        var bytes = Drain(input);
        return bytes?.AsSpan().Trim(" \t\r\n"u8).IsEmpty == true
            ? new Problem(ProblemCode.EmptyScript, "standard input is empty; give a script")
            : FromBytes(bytes, null, "standard input", []);
    }

    private static Result<JobSource> FromBytes(byte[]? bytes, string? path, string name, IReadOnlyList<string> arguments)
    {
        if (bytes is null)
        {
            return new Problem(ProblemCode.ScriptTooLarge, $"{name} is larger than {SubmissionRules.MaxScriptBytes / 1024 / 1024} MiB, too large to be sent along; submit a small script that starts it");
        }

        var shown = path ?? "(standard input)";
        return ScriptFormat.Fault(bytes, path) is { } fault
            ? fault
            : new JobSource(
                new() { Script = path, ScriptContent = bytes, Arguments = arguments.Count > 0 ? arguments : null },
                ByteText.Of(bytes),
                arguments.Count > 0 ? $"{shown} {ShellText.Join(arguments)}" : shown);
    }

    private static bool IsCompiled(FileStream file)
    {
        if (!file.CanSeek)
        {
            return false;
        }

        Span<byte> magic = stackalloc byte[4];
        var isCompiled = file.ReadAtLeast(magic, 4, throwOnEndOfStream: false) == 4 && magic.SequenceEqual("\u007FELF"u8);
        file.Position = 0;
        return isCompiled;
    }

    /// <returns>Null when there is more than a script may have.</returns>
    private static byte[]? Drain(Stream stream)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = stream.Read(buffer)) > 0)
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > SubmissionRules.MaxScriptBytes)
            {
                return null;
            }
        }

        return bytes.ToArray();
    }
}
