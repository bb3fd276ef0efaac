using System.Buffers;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Submission;
using Gflow.Core.Text;

namespace Gflow.Cli.Gbatch;

/// <summary>What a submission runs, found from its words or its standard input.</summary>
/// <param name="Draft">Script or command; nothing else.</param>
/// <param name="ScriptText">The script as text, for its directives; null for commands.</param>
/// <param name="Shown">What a dry run and messages call it.</param>
internal sealed record JobSource(SubmissionDraft Draft, string? ScriptText, string Shown)
{
    private static readonly SearchValues<char> ShellSyntax = SearchValues.Create(" \t\n;&|<>$`(){}'\"*?");

    /// <exception cref="CommandFailedException">There is nothing to run, or it cannot be read.</exception>
    internal static JobSource From(IReadOnlyList<string> words, CommandContext context) => words switch
    {
        ["-"] => FromInput(context),
        ["-", ..] => throw Invocation.Wrong("- reads the script from standard input and takes no further words"),
        [] when !context.InIsTerminal => FromInput(context),
        [] => throw Invocation.Wrong(
            "there is nothing to run: give a script (gbatch train.sh), a command (gbatch python train.py) or a script on standard input (gbatch < train.sh)\ntry: gbatch --help"),
        [""] => throw Invocation.Wrong("the command is empty; give a script or a command"),
        [var first, ..] when File.Exists(context.ToOpen(first)) => FromFile(first, words, context),
        [var only] => FromText(only, context),
        _ => new(new() { Command = ShellText.Join(words) }, null, ShellText.Join(words)),
    };

    private static string Absolute(string path, CommandContext context) => Path.GetFullPath(Path.Combine(context.WorkingDirectory, path));

    private static JobSource FromFile(string path, IReadOnlyList<string> words, CommandContext context)
    {
        var absolute = Absolute(path, context);
        var bytes = ReadFile(context.ToOpen(path), absolute);

        // A compiled program finds its libraries and its virtual environment by its own place, so a copy of it would not do.
        return bytes is null
            ? new(new() { Command = ShellText.Join(words) }, null, ShellText.Join(words))
            : FromBytes(bytes, absolute, [.. words.Skip(1)]);
    }

    private static JobSource FromText(string text, CommandContext context)
    {
        if (Directory.Exists(context.ToOpen(text)))
        {
            throw Invocation.No($"\"{text}\" is a directory; give a script or a command", ProblemCode.NotAScript);
        }

        // A path has no blanks and no shell syntax; what has a slash and neither exists nor can be a command is a slip.
        return text.Contains('/') && !text.AsSpan().ContainsAny(ShellSyntax)
            ? throw Invocation.No($"\"{text}\" does not exist in {context.WorkingDirectory}; check the path", ProblemCode.NoSuchScript)
            : new(new() { Command = text }, null, text);
    }

    private static JobSource FromInput(CommandContext context)
    {
        using var input = context.OpenIn();
        var bytes = Drain(input, "standard input");
        return bytes.AsSpan().Trim(" \t\r\n"u8).IsEmpty
            ? throw Invocation.No("standard input is empty; give a script", ProblemCode.EmptyScript)
            : FromBytes(bytes, null, []);
    }

    private static JobSource FromBytes(byte[] bytes, string? path, IReadOnlyList<string> arguments)
    {
        if (ScriptFormat.Fault(bytes, path) is { } fault)
        {
            throw Invocation.No(fault.Message, fault.Kind);
        }

        var shown = path ?? "(standard input)";
        return new(
            new() { Script = path, ScriptContent = bytes, Arguments = arguments.Count > 0 ? arguments : null },
            ByteText.Of(bytes),
            arguments.Count > 0 ? $"{shown} {ShellText.Join(arguments)}" : shown);
    }

    /// <returns>The script; null for a compiled program.</returns>
    private static byte[]? ReadFile(string path, string name)
    {
        try
        {
            using var file = File.OpenRead(path);
            Span<byte> magic = stackalloc byte[4];
            if (file.CanSeek)
            {
                if (file.ReadAtLeast(magic, 4, throwOnEndOfStream: false) == 4 && magic.SequenceEqual("\u007FELF"u8))
                {
                    return null;
                }

                file.Position = 0;
            }

            return Drain(file, name);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            // Of these two, what the framework says is left out of the program.
            var why = error switch { UnauthorizedAccessException => "permission denied", FileNotFoundException => "it is gone", _ => error.Message };
            throw Invocation.No($"{name} cannot be read: {why}", ProblemCode.UnreadableScript);
        }
    }

    private static byte[] Drain(Stream stream, string name)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = stream.Read(buffer)) > 0)
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > SubmissionRules.MaxScriptBytes)
            {
                throw Invocation.No(
                    $"{name} is larger than {SubmissionRules.MaxScriptBytes / 1024 / 1024} MiB, too large to be sent along; submit a small script that starts it", ProblemCode.ScriptTooLarge);
            }
        }

        return bytes.ToArray();
    }
}
