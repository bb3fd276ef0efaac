using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Audit;

/// <summary>A file with one line of JSON for each request that asked for a change. Written beside the requests; none of them fails for its sake.</summary>
internal sealed partial class AuditLog : IAsyncDisposable
{
    private const long UsualLimit = 10 << 20;
    private const int Kept = 5;

    // Who finds it full waits: a trail with holes where it was busiest is none.
    private readonly Channel<AuditRecord> _records = Channel.CreateBounded<AuditRecord>(new BoundedChannelOptions(1024) { SingleReader = true });
    private readonly string _path;
    private readonly ILogger<AuditLog> _log;
    private readonly long _limit;
    private readonly Task _writing;
    private LogFile? _file;
    private bool _torn;

    /// <param name="path">Absolute; its directory exists.</param>
    /// <param name="limit">Bytes after which the file is turned; the last five are kept beside it.</param>
    public AuditLog(string path, ILogger<AuditLog> log, long limit = UsualLimit)
    {
        _path = path;
        _log = log;
        _limit = limit;
        _writing = Task.Run(WriteAllAsync);
    }

    public ValueTask WriteAsync(AuditRecord record) => _records.Writer.WriteAsync(record);

    /// <summary>Writes what was handed in, and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _records.Writer.Complete();
        await _writing;
        _file?.Dispose();
    }

    private async Task WriteAllAsync()
    {
        var lines = new StringBuilder();
        while (await _records.Reader.WaitToReadAsync())
        {
            // After a write that failed in the middle, what follows begins a line of its own.
            lines.Clear().Append(_torn ? "\n" : "");
            while (lines.Length < _limit && _records.Reader.TryRead(out var record))
            {
                lines.Append(JsonSerializer.Serialize(record, AuditJson.Default.AuditRecord)).Append('\n');
            }

            try
            {
                _file ??= new LogFile(_path, _limit, Kept);
                _file.Add(lines.ToString());
                _torn = false;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                if (!_torn)
                {
                    LogLost(_log, _path, error.Message);
                }

                _torn = true;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The audit log {Path} cannot be written: {Reason}. Requests are served nevertheless, and missing in it until it can.")]
    private static partial void LogLost(ILogger log, string path, string reason);
}
