using Gflow.Client.CommandLine;

namespace Gflow.Daemon.Lifecycle.Rendering;

/// <summary>
/// A standard output whose failure ends nothing: a daemon serves on though its log goes nowhere, and a restart that has stopped
/// the old daemon starts the new one. What was lost is told afterwards.
/// </summary>
internal sealed class LastingStream(Stream output) : WriteOnlyStream
{
    /// <summary>Why something could not be written; null while all was.</summary>
    public string? Failure { get; private set; }

    public override void Flush()
    {
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        try
        {
            output.Write(buffer, offset, count);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Failure = error.Message;
        }
    }
}
