namespace Gflow.Daemon.Notifications.Webhook;

/// <summary>What a request learns of the connection it was sent over.</summary>
/// <param name="deadline">Of its attempt, which is told what it waits for.</param>
internal sealed class ConnectionTrace(AttemptDeadline deadline)
{
    private ReuseStream? _connection;
    private long _readBefore;

    /// <summary>Whether the connection had served another request before, and has said nothing to this one.</summary>
    public bool SilentReuse => _connection is { } used && _readBefore > 0 && used.BytesRead == _readBefore;

    /// <summary>Notes the first connection that the request is written to; a tunnel below it does not count.</summary>
    public void Written(ReuseStream connection)
    {
        deadline.Step = "waiting for the answer";
        if (_connection is null)
        {
            _readBefore = connection.BytesRead;
            _connection = connection;
        }
    }
}

/// <summary>
/// A connection that tells the request written to it whether it was used before. A server may close an idle connection in the
/// very moment in which a request is sent over it; the class library leaves it to the sender to know that.
/// </summary>
internal sealed class ReuseStream(Stream inner, AsyncLocal<ConnectionTrace?> current) : Stream
{
    /// <summary>Bytes of answers so far.</summary>
    public long BytesRead { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        BytesRead += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        current.Value?.Written(this);
        return inner.WriteAsync(buffer, cancellationToken);
    }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
