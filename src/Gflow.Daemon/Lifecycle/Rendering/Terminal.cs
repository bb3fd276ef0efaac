using System.Text;
using Gflow.Client.CommandLine;
using Gflow.Client.Platform;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Lifecycle.Rendering;

/// <summary>Where a command writes: answers to <paramref name="Out"/>, everything else to <paramref name="Error"/>.</summary>
internal sealed record Terminal(TextWriter Out, TextWriter Error)
{
    private DescriptorStream? _answers;

    /// <summary>Whether it is this process's own, and not a program's that runs a command within itself.</summary>
    public bool IsPeoples => _answers is not null;

    /// <summary>Whether answers are read where colours can be shown.</summary>
    public bool IsScreen => IsPeoples && !Console.IsOutputRedirected;

    /// <summary>Whether nobody reads answers any more.</summary>
    public bool IsReaderGone => _answers?.Loss is not null;

    /// <summary>Columns of the terminal; null when there is none.</summary>
    public int? Width => IsScreen ? TerminalSize.Columns(StandardDescriptors.Output) : null;

    public static Terminal OfProcess()
    {
        // A daemon serves on though its log goes nowhere, and a restart that has stopped the old daemon starts the new one.
        var answers = new DescriptorStream(StandardDescriptors.Output) { MayBeLost = true };
        return new(
            Writer(answers, StandardDescriptors.Output, Console.IsOutputRedirected),
            Writer(new DescriptorStream(StandardDescriptors.Error) { MayBeLost = true }, StandardDescriptors.Error, Console.IsErrorRedirected))
        {
            _answers = answers,
        };
    }

    /// <summary>Says so where answers were lost.</summary>
    /// <returns>The exit code of a command that ended with this one.</returns>
    public int Closed(int code)
    {
        if (_answers?.Loss is not { } loss || DescriptorStream.IsReaderGone(loss))
        {
            return code;
        }

        Error.WriteLine($"gflowd: {loss.Message}");
        return code == VerbExitCodes.Done ? VerbExitCodes.Failed : code;
    }

    private static TextWriter Writer(Stream stream, int descriptor, bool isRedirected)
    {
        var writer = new StreamWriter(stream, new UTF8Encoding(false)) { AutoFlush = true };
        return TextWriter.Synchronized(isRedirected ? writer : new ProseWriter(writer, () => TerminalSize.Columns(descriptor)));
    }
}
