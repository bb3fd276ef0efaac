using System.Net.Sockets;
using System.Threading.Channels;
using Gflow.Launcher;

namespace Gflow.Daemon.Execution.Local;

/// <summary>
/// Runs jobs on this machine through the launcher, a process of its own. Keeps one connection to it, fixes it when it
/// breaks, and asks again what was not answered; the launcher does nothing twice.
/// </summary>
internal sealed partial class LocalExecutor(LocalExecutorOptions options, TimeProvider time, ILogger<LocalExecutor> logger) : IJobExecutor
{
    private static readonly TimeSpan MendPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ByeTime = TimeSpan.FromSeconds(2);

    private readonly ILogger _logger = logger;
    private readonly LauncherFinder _finder = new(options, time, logger);
    private readonly Channel<ExecutorReport> _reports = Channel.CreateUnbounded<ExecutorReport>(new() { SingleWriter = true });
    private readonly CancellationTokenSource _stop = new();

    // Guards the three fields below, and the order of frames on the connection.
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly SortedDictionary<uint, Pending> _pending = [];
    private LauncherConnection? _connection;
    private uint _lastRequest;

    // Counts connections; only the receiving side touches it.
    private int _number;

    private Task _receiving = Task.CompletedTask;
    private ExecutorUnavailableException? _ended;
    private volatile bool _closing;

    /// <inheritdoc cref="LauncherFinder.Pid"/>
    internal int LauncherPid => _finder.Pid;

    /// <inheritdoc cref="LauncherFinder.Version"/>
    internal string LauncherVersion => _finder.Version;

    public ChannelReader<ExecutorReport> Reports => _reports.Reader;

    public async Task<IReadOnlyList<ExecutorJob>> ConnectAsync(CancellationToken ct)
    {
        var (connection, jobs) = await _finder.FindAsync(ct);
        _connection = connection;
        _receiving = ReceiveAllAsync(connection);
        return jobs;
    }

    public async Task<LaunchOutcome> StartAsync(LaunchRequest request, CancellationToken ct)
    {
        // What the launcher would rightly take for a malformed message must not reach it.
        if (HasNul(request))
        {
            return new LaunchOutcome.NotStarted("the command, a path or the environment contains a NUL character");
        }

        var frame = LauncherMessages.Start(request);
        if (frame.Length > Protocol.MaxFrameBytes)
        {
            return new LaunchOutcome.NotStarted($"the arguments and the environment are larger than {Protocol.MaxFrameBytes / 1024 / 1024} MiB");
        }

        return ((LauncherReply.Launched)await RequestAsync(frame, ct)).Outcome;
    }

    public Task SignalAsync(uint jobId, int attempt, int signal, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(signal, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(signal, 64);
        return RequestAsync(LauncherMessages.Signal(jobId, attempt, signal), ct);
    }

    public Task AcknowledgeAsync(uint jobId, int attempt, CancellationToken ct) =>
        RequestAsync(LauncherMessages.Acknowledge(jobId, attempt), ct);

    public async Task<IReadOnlyList<ProcessOwner>> OwnersAsync(IReadOnlyList<int> pids, CancellationToken ct) =>
        ((LauncherReply.Owners)await RequestAsync(LauncherMessages.Whose(pids), ct)).Processes;

    public async ValueTask DisposeAsync()
    {
        if (_closing)
        {
            return;
        }

        _closing = true;
        if (_connection is not null)
        {
            using var patience = new CancellationTokenSource(ByeTime, time);
            try
            {
                _ = await RequestAsync(LauncherMessages.Bye(), patience.Token);
            }
            catch (Exception ex) when (ex is OperationCanceledException or ExecutorUnavailableException)
            {
                // A launcher that does not answer ends by itself when it has nothing left to do.
            }
        }

        await _stop.CancelAsync();
        await _receiving;
        _reports.Writer.TryComplete();
        _stop.Dispose();
        _gate.Dispose();
    }

    private static bool HasNul(LaunchRequest request) =>
        request.Program.Contains('\0') || request.WorkingDirectory.Contains('\0') || request.LogPath.Contains('\0')
        || request.Arguments.Any(static text => text.Contains('\0')) || request.Environment.Any(static text => text.Contains('\0'));

    private async Task<LauncherReply> RequestAsync(byte[] frame, CancellationToken ct)
    {
        var answer = new TaskCompletionSource<LauncherReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _gate.WaitAsync(ct);
        try
        {
            if (_ended is not null)
            {
                throw new ExecutorUnavailableException(_ended.Message, _ended.IsRefusal);
            }

            LauncherMessages.Number(frame, ++_lastRequest);
            var pending = new Pending(frame, answer);
            _pending.Add(_lastRequest, pending);
            await TrySendAsync_NeedsGate(pending);
        }
        finally
        {
            _gate.Release();
        }

        return await answer.Task.WaitAsync(ct);
    }

    private async Task TrySendAsync_NeedsGate(Pending pending)
    {
        try
        {
            await (_connection?.SendAsync(pending.Frame) ?? Task.CompletedTask);
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            // The receiving side notices the same, fixes it, and everything unanswered is sent again.
        }
    }

    private async Task ReceiveAllAsync(LauncherConnection connection)
    {
        var current = connection;
        try
        {
            while (true)
            {
                var lost = await ReceiveUntilLostAsync(current);
                current.Dispose();
                await ExchangeAsync(null);
                if (_closing)
                {
                    // A launcher that was told goodbye is not to be started again.
                    await EndAsync(new ExecutorUnavailableException(lost));
                    return;
                }

                LogLost(lost);
                (current, var jobs) = await MendAsync();
                _reports.Writer.TryWrite(new ExecutorReport.Reconnected(jobs, ++_number));
                await ExchangeAsync(current);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            await EndAsync(new ExecutorUnavailableException("the executor was closed"));
        }
        catch (ExecutorUnavailableException ex)
        {
            LogSuperseded(ex.Message);
            _reports.Writer.TryWrite(new ExecutorReport.Superseded(ex.Message));
            await EndAsync(ex);
        }
        finally
        {
            current.Dispose();
            _reports.Writer.TryComplete();
        }
    }

    private async Task<string> ReceiveUntilLostAsync(LauncherConnection connection)
    {
        try
        {
            while (true)
            {
                await DispatchAsync(await connection.ReceiveAsync(_stop.Token));
            }
        }
        catch (Exception ex) when (ex is IOException or InvalidDataException)
        {
            return ex.Message;
        }
    }

    private async Task DispatchAsync(LauncherReply reply)
    {
        switch (reply)
        {
            case LauncherReply.Reported reported:
                _reports.Writer.TryWrite(reported.Report);
                break;
            case LauncherReply.Launched { Outcome: LaunchOutcome.Started started } launched:
                await AnswerAsync(launched.Request, launched with { Outcome = started with { Connection = _number } });
                break;
            case LauncherReply.Launched launched:
                await AnswerAsync(launched.Request, launched);
                break;
            case LauncherReply.Owners owners:
                await AnswerAsync(owners.Request, owners);
                break;
            case LauncherReply.Done done:
                await AnswerAsync(done.Request, done);
                break;
        }
    }

    private async Task AnswerAsync(uint request, LauncherReply reply)
    {
        await _gate.WaitAsync(_stop.Token);
        _ = _pending.Remove(request, out var pending);
        _gate.Release();
        pending?.Answer.TrySetResult(reply);
    }

    /// <summary>Changes the connection, or takes it away; over a new one all that is unanswered is sent again, in order.</summary>
    private async Task ExchangeAsync(LauncherConnection? connection)
    {
        await _gate.WaitAsync(_stop.Token);
        try
        {
            _connection = connection;
            foreach (var pending in _pending.Values)
            {
                await TrySendAsync_NeedsGate(pending);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task EndAsync(ExecutorUnavailableException reason)
    {
        await _gate.WaitAsync(CancellationToken.None);
        _ended = reason;
        foreach (var pending in _pending.Values)
        {
            pending.Answer.TrySetException(new ExecutorUnavailableException(reason.Message, reason.IsRefusal));
        }

        _pending.Clear();
        _gate.Release();
    }

    /// <summary>Tries until there is a launcher again. Only a refusal ends it: that is not fixed by trying.</summary>
    private async Task<(LauncherConnection Connection, IReadOnlyList<ExecutorJob> Jobs)> MendAsync()
    {
        while (true)
        {
            try
            {
                return await _finder.FindAsync(_stop.Token);
            }
            catch (ExecutorUnavailableException ex) when (!ex.IsRefusal)
            {
                LogUnavailable(ex.Message);
                await Task.Delay(MendPause, time, _stop.Token);
            }
        }
    }

    private sealed record Pending(byte[] Frame, TaskCompletionSource<LauncherReply> Answer);

    [LoggerMessage(LogLevel.Warning, "Lost the connection to the launcher: {Reason}")]
    private partial void LogLost(string reason);

    [LoggerMessage(LogLevel.Error, "No launcher; jobs go on, but none can be started or stopped: {Reason}")]
    private partial void LogUnavailable(string reason);

    [LoggerMessage(LogLevel.Error, "The launcher obeys another daemon: {Reason}")]
    private partial void LogSuperseded(string reason);
}
