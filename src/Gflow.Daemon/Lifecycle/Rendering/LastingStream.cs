namespace Gflow.Daemon.Lifecycle.Rendering;

/// <summary>
/// A standard output whose failure ends nothing: a daemon serves on though its log goes nowhere, and a restart that has stopped
/// the old daemon starts the new one. What was lost is told afterwards.
/// </summary>
internal sealed class LastingStream(Stream output) : Stream
{
    /// <summary>Why something could not be written; null while all was.</summary>
    public string? Failure { get; private set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

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

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
