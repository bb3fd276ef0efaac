using System.Net.Sockets;
using System.Threading.Channels;
using Gflow.Launcher;

namespace Gflow.Daemon.Execution.Local;

/// <summary>
/// Runs jobs on this machine through the launcher, a process of its own. Keeps one connection to it, mends it when it
/// breaks, and asks again what was not answered; the launcher does nothing twice.
/// </summary>
internal sealed partial class LocalExecutor(LocalExecutorOptions options, TimeProvider time, ILogger<LocalExecutor> logger) : IJobExecutor
{
    private static readonly TimeSpan ReachTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan MendPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ByeTime = TimeSpan.FromSeconds(2);

    private readonly ILogger _logger = logger;
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

    /// <summary>The process id of the launcher of the present or last connection, for those who look after the machine; 0 before the first.</summary>
    internal int LauncherPid { get; private set; }

    /// <summary>Its version.</summary>
    internal string LauncherVersion { get; private set; } = "";

    public ChannelReader<ExecutorReport> Reports => _reports.Reader;

    public async Task<IReadOnlyList<ExecutorJob>> ConnectAsync(CancellationToken ct)
    {
        var (connection, jobs) = await EstablishAsync(ct);
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
            // The receiving side notices the same, mends it, and everything unanswered is sent again.
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

    /// <summary>Tries until there is a launcher again. Only a refusal ends it: that is not mended by trying.</summary>
    private async Task<(LauncherConnection Connection, IReadOnlyList<ExecutorJob> Jobs)> MendAsync()
    {
        while (true)
        {
            try
            {
                return await EstablishAsync(_stop.Token);
            }
            catch (ExecutorUnavailableException ex) when (!ex.IsRefusal)
            {
                LogUnavailable(ex.Message);
                await Task.Delay(MendPause, time, _stop.Token);
            }
        }
    }

    /// <summary>Finds or starts a launcher, says hello, and sees to it that it is of this daemon's version.</summary>
    private async Task<(LauncherConnection Connection, IReadOnlyList<ExecutorJob> Jobs)> EstablishAsync(CancellationToken ct)
    {
        for (var mayReplace = true; ;)
        {
            var connection = await ReachAsync(ct);
            try
            {
                await connection.SendAsync(LauncherMessages.Hello(options.Epoch));
                var (welcome, jobs) = await ReceiveWelcomeAsync(connection, ct);
                if (welcome.Version == options.LauncherVersion || !mayReplace)
                {
                    (LauncherPid, LauncherVersion) = (welcome.Pid, welcome.Version);
                    LogConnected(welcome.Version, welcome.Pid, jobs.Count);
                    return (connection, jobs);
                }

                // Once: a program that is not of the version it should be does not become so by repetition.
                mayReplace = false;
                LogReplacing(welcome.Version, options.LauncherVersion);
                // One of root's could not be started again from here, so that it has to stay, as another program.
                if (await ReplaceAsync(connection, options.IsRoots || jobs.Count > 0, ct) is { } objection)
                {
                    LogNotReplaced(welcome.Version, options.LauncherVersion, objection);
                }

                connection.Dispose();
            }
            catch (Exception ex) when (ex is IOException or SocketException or InvalidDataException)
            {
                // It ended between the connect and the welcome; the next one is reached or started.
                connection.Dispose();
                LogLost(ex.Message);
                await Task.Delay(RetryPause, time, ct);
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }
    }

    private async Task<LauncherConnection> ReachAsync(CancellationToken ct)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            if (await LauncherConnection.TryOpenAsync(options.SocketPath, ct) is { } connection)
            {
                return connection;
            }

            // A launcher that is just ending, starting or becoming another still holds the lock: try again.
            var problem = options.IsRoots
                ? "only root can start it: gflowd restart"
                : await LauncherProcess.StartAsync(options, [], ct);
            if (problem is not null && time.GetElapsedTime(began) > ReachTime)
            {
                throw new ExecutorUnavailableException($"no launcher listens at {options.SocketPath}, and none can be started: {problem}");
            }

            if (problem is not null)
            {
                await Task.Delay(RetryPause, time, ct);
            }
        }
    }

    private static async Task<(LauncherReply.Welcome Welcome, IReadOnlyList<ExecutorJob> Jobs)> ReceiveWelcomeAsync(LauncherConnection connection, CancellationToken ct)
    {
        LauncherReply.Welcome? welcome = null;
        var jobs = new List<ExecutorJob>();
        while (true)
        {
            switch (await connection.ReceiveAsync(ct))
            {
                case LauncherReply.Refused refused:
                    throw new ExecutorUnavailableException($"the launcher refuses this daemon: {refused.Reason}", isRefusal: true);
                case LauncherReply.Welcome first:
                    welcome = first;
                    break;
                case LauncherReply.Known known:
                    jobs.Add(known.Job);
                    break;
                case LauncherReply.Ready when welcome is not null:
                    return (welcome, jobs);
                case var other:
                    throw new InvalidDataException($"the launcher began with {other.GetType().Name}");
            }
        }
    }

    /// <summary>
    /// Lets an idle launcher end, and a busy one become the new program in place. Null when it did, else its objection.
    /// </summary>
    private async Task<string?> ReplaceAsync(LauncherConnection connection, bool isBusy, CancellationToken ct)
    {
        await connection.SendAsync(isBusy ? LauncherMessages.Upgrade(options.LauncherProgram) : LauncherMessages.Bye());
        try
        {
            while (true)
            {
                if (await connection.ReceiveAsync(ct) is LauncherReply.Done { Objection: { Length: > 0 } objection })
                {
                    return objection;
                }
            }
        }
        catch (IOException)
        {
            // The end of the connection is the consent.
            return null;
        }
    }

    private sealed record Pending(byte[] Frame, TaskCompletionSource<LauncherReply> Answer);
}
