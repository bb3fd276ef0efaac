using Gflow.Daemon.Engine;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Audit;

/// <summary>
/// Counts the requests for changes that changed nothing: each caller's, alike by method, route and outcome, for a minute from the first on.
/// However many there are, few records come of them, and little is in memory.
/// </summary>
internal sealed partial class AuditTally : IAsyncDisposable
{
    /// <summary>Most records that a caller's requests come to; the rest is one more.</summary>
    private const int MostKinds = 100;

    /// <summary>Most callers that are told apart; the rest is one more.</summary>
    private const int MostCallers = 1000;

    private const string Various = "*";

    private static readonly TimeSpan Span = TimeSpan.FromMinutes(1);

    private readonly JobEngine _engine;
    private readonly TimeProvider _time;
    private readonly ILogger<AuditTally> _log;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private Dictionary<(uint? Uid, bool OverTcp), Dictionary<Kind, AuditRow>> _callers = [];

    private volatile bool _hasLost;

    public AuditTally(JobEngine engine, TimeProvider time, ILogger<AuditTally> log)
    {
        _engine = engine;
        _time = time;
        _log = log;
        _timer = time.CreateTimer(_ => _ = FlushAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <param name="route">The pattern that the path met; null when it met none, or was not looked at.</param>
    public void Count(AuditRow request, string? route)
    {
        var now = _time.GetUtcNow();
        lock (_lock)
        {
            if (_callers.Count == 0)
            {
                _timer.Change(Span, Timeout.InfiniteTimeSpan);
            }

            var kinds = KindsOf(ref request);
            var kind = new Kind(Usual(request.Method), route, request.Status, request.Code);
            if (!kinds.ContainsKey(kind) && kinds.Count >= MostKinds)
            {
                kind = new Kind(Various, null, StatusCodes.Status400BadRequest, null);
                request = request with { Method = Various, Path = Various, Jobs = null, Status = kind.Status, Code = null };
            }

            kinds[kind] = kinds.TryGetValue(kind, out var before)
                ? before with { At = now, Count = before.Count + 1 }
                : request with { At = now, FirstAt = now };
        }
    }

    /// <summary>Stores what was counted, and begins anew. While nothing can be stored it goes on counting.</summary>
    public Task FlushAsync()
    {
        List<AuditRow> counted;
        lock (_lock)
        {
            if (_callers.Count == 0)
            {
                return Task.CompletedTask;
            }

            if (_engine.IsReadOnly)
            {
                _timer.Change(Span, Timeout.InfiniteTimeSpan);
                return Task.CompletedTask;
            }

            counted = [.. _callers.Values.SelectMany(kinds => kinds.Values).OrderBy(row => row.At)];
            _callers = [];
        }

        return StoreAsync(counted);
    }

    /// <summary>Stores what was counted.</summary>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await FlushAsync();
    }

    private async Task StoreAsync(List<AuditRow> counted)
    {
        var records = new EngineRecords(counted);
        await _engine.TellAsync(records);
        var isStored = await Task.WhenAny(records.Stored, _engine.Stopped) == records.Stored && await records.Stored;
        if (!isStored && !_hasLost)
        {
            LogLost(_log);
        }

        _hasLost = !isStored;
    }

    private Dictionary<Kind, AuditRow> KindsOf(ref AuditRow request)
    {
        var caller = (request.Uid, request.OverTcp);
        if (_callers.TryGetValue(caller, out var kinds))
        {
            return kinds;
        }

        if (_callers.Count >= MostCallers)
        {
            request = request with { Uid = null, User = null, Port = null };
            caller = (null, request.OverTcp);
            if (_callers.TryGetValue(caller, out kinds))
            {
                return kinds;
            }
        }

        return _callers[caller] = [];
    }

    /// <summary>A caller can make up other methods, as many as he likes.</summary>
    private static string Usual(string method) =>
        HttpMethods.IsPost(method) || HttpMethods.IsPatch(method) || HttpMethods.IsPut(method) || HttpMethods.IsDelete(method) ? HttpMethods.GetCanonicalizedValue(method) : Various;

    [LoggerMessage(Level = LogLevel.Error, Message = "Requests that were refused are missing in the audit log: the database could not be written.")]
    private static partial void LogLost(ILogger log);

    private readonly record struct Kind(string Method, string? Route, int? Status, string? Code);
}
