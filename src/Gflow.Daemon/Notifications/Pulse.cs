using Gflow.Core.Notifications;

namespace Gflow.Daemon.Notifications;

/// <summary>How the heartbeat is.</summary>
/// <param name="Host">Whom it calls, without what may be a secret.</param>
/// <param name="LastAnswered">When the watcher last took a beat, since the daemon was started or read its configuration; null when it never did.</param>
/// <param name="Problem">Why the last beat was not made or not taken; null when it was.</param>
internal sealed record PulseStatus(string Host, TimeSpan Every, DateTimeOffset? LastAnswered, string? Problem);

/// <summary>
/// Calls a watcher elsewhere again and again, for as long as all works by which people are told of their jobs. When it does not, it
/// keeps silent, which is what the watcher notices; so it also tells of a daemon that cannot tell anything any more.
/// </summary>
internal sealed partial class Pulse : IAsyncDisposable
{
    /// <summary>How long what is checked may take, and how long the watcher.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Func<AttemptDeadline, Task<DeliveryOutcome>> _call;
    private readonly TimeSpan _every;
    private readonly Func<CancellationToken, Task<string?>> _check;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _loop;
    private volatile PulseStatus _status;

    /// <param name="host">Whom it calls, without what may be a secret.</param>
    /// <param name="call">Calls the watcher.</param>
    /// <param name="check">Says why nothing may be said, as a sentence without a full stop; null when all works.</param>
    public Pulse(string host, TimeSpan every, Func<AttemptDeadline, Task<DeliveryOutcome>> call, Func<CancellationToken, Task<string?>> check, TimeProvider time, ILogger log)
    {
        _call = call;
        _every = every;
        _check = check;
        _time = time;
        _log = log;
        _status = new PulseStatus(host, every, null, null);
        _loop = Task.Run(RunAsync);
    }

    public PulseStatus Current => _status;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _loop;
        _end.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(_every, _time);
        try
        {
            do
            {
                Note(await TryAsync());
            }
            while (await timer.WaitForNextTickAsync(_end.Token));
        }
        catch (OperationCanceledException)
        {
            // The daemon stops, or has another configuration.
        }
    }

    /// <summary>A bug is one more reason to be silent about, and no end of the looking.</summary>
    private async Task<string?> TryAsync()
    {
        try
        {
            return await BeatAsync();
        }
#pragma warning disable CA1031 // Whatever it is, it is said where people look for it.
        catch (Exception bug) when (bug is not OperationCanceledException)
#pragma warning restore CA1031
        {
            // Not the exception itself: its message was written by whoever threw it and may hold what we must not tell.
            LogUnexpected(_log, bug.GetType().FullName, bug.StackTrace);
            return $"not sent: unexpected failure ({bug.GetType().Name})";
        }
    }

    /// <returns>Why it was not made or not taken; null when it was.</returns>
    private async Task<string?> BeatAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        using var timer = _time.CreateTimer(_ => patience.Cancel(), null, Patience, Timeout.InfiniteTimeSpan);
        try
        {
            if (await _check(patience.Token) is { } problem)
            {
                return $"not sent: {problem}";
            }
        }
        catch (OperationCanceledException) when (!_end.IsCancellationRequested)
        {
            return FormattableString.Invariant($"not sent: the writer or the outbox has not answered for {Patience.TotalSeconds} s");
        }

        using var deadline = new AttemptDeadline(Patience, _time, static () => { }, _end.Token);
        try
        {
            return await _call(deadline) is { Reason: { } reason } ? reason : null;
        }
        catch (OperationCanceledException) when (!_end.IsCancellationRequested)
        {
            return deadline.Reason;
        }
    }

    private void Note(string? problem)
    {
        var before = _status;
        _status = before with { LastAnswered = problem is null ? _time.GetUtcNow() : before.LastAnswered, Problem = problem };
        if (problem is not null && before.Problem is null)
        {
            LogSilent(_log, problem);
        }
        else if (problem is null && before.Problem is not null)
        {
            LogBeats(_log, before.Host);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The heartbeat failed in an unexpected way: {Type}\n{Stack}")]
    private static partial void LogUnexpected(ILogger log, string? type, string? stack);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The heartbeat has stopped: {Problem}.")]
    private static partial void LogSilent(ILogger log, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Host} gets the heartbeat again.")]
    private static partial void LogBeats(ILogger log, string host);
}
