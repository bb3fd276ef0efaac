using Gflow.Client.Platform;
using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Platform;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Engine;

/// <summary>What the effects need to know.</summary>
/// <param name="IsShared">Whether jobs run as whoever submitted them, and what their environments lead to is not to be looked at.</param>
internal sealed record EffectSettings(DataPaths Paths, long LogMaxBytes, bool HideGpus, bool PythonUnbuffered, bool IsShared = false)
{
    /// <summary>Whether jobs are told the UUIDs of their GPUs in place of their numbers.</summary>
    public bool NamesGpusByUuid { get; init; }

    /// <summary>Says whose the jobs are.</summary>
    public AccountDirectory Accounts { get; init; } = new(Account.Find, TimeProvider.System);
}

/// <summary>
/// Starts and stops processes after the commit that decided it, and reports back as news to the engine; never touches state.
/// Whatever it was doing when the daemon died is asked for again by <see cref="Recovery"/>.
/// </summary>
internal sealed partial class EffectRunner(
    Database database,
    IJobExecutor executor,
    EffectSettings settings,
    LaunchReports reports,
    Func<EngineCommand, ValueTask> tell,
    TimeProvider time,
    ILogger<EffectRunner> log) : IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();

    // The jobs of one submitter usually come with the same environment.
    private StoredContent? _lastEnvironment;

    /// <summary>Sees to all that is to be done; returns at once.</summary>
    /// <param name="gpus">What the GPUs are called.</param>
    public void Carry(IReadOnlyList<Effect> effects, GpuBoard gpus)
    {
        if (effects.Count == 0)
        {
            return;
        }

        // Starts first: a free GPU waits for them, and nobody waits for the launcher to forget what has ended.
        var ordered = effects.OrderByDescending(effect => effect is Effect.Launch).ToList();
        var stopping = _stopping.Token;

        // One thread is woken for all of them: each only prepares and sends before it waits for the launcher.
        _ = Task.Run(
            () =>
            {
                foreach (var effect in ordered)
                {
                    _ = PersistAsync(effect, gpus, stopping);
                }
            },
            CancellationToken.None);
    }

    /// <summary>Begins nothing more; what was asked for stays due for the next start.</summary>
    public void Stop() => _stopping.Cancel();

    public void Dispose() => _stopping.Dispose();

    /// <summary>The executor fixes its connections itself; when it cannot, the effect stays due.</summary>
    private async Task PersistAsync(Effect effect, GpuBoard gpus, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await DoAsync(effect, gpus, stopping);
                return;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is ExecutorUnavailableException or IOException)
            {
                LogEffectFailed(log, effect.Job, error.Message);
                await Task.Delay(RetryDelay, time, stopping).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
    }

    private Task DoAsync(Effect effect, GpuBoard gpus, CancellationToken ct) => effect switch
    {
        Effect.Launch launch => LaunchAsync(launch.Asked, gpus, ct),
        Effect.Signal signal => executor.SignalAsync(signal.Job.Value, signal.Attempt, signal.Kind == EndSignal.Kill ? SignalText.Kill : SignalText.Term, ct),
        Effect.LetGo letGo => LetGoAsync(letGo, ct),
        _ => throw new InvalidOperationException(),
    };

    private async Task LetGoAsync(Effect.LetGo effect, CancellationToken ct)
    {
        if (effect.IsLast)
        {
            File.Delete(settings.Paths.ScriptOf(effect.Job));
        }

        await executor.AcknowledgeAsync(effect.Job.Value, effect.Attempt, ct);
    }

    private async Task LaunchAsync(Job job, GpuBoard gpus, CancellationToken ct)
    {
        if (!job.Filled.Ok)
        {
            await tell(reports.Launched(job, new LaunchOutcome.NotStarted(job.Filled.Problems[0].Message)));
            return;
        }

        var login = await LoginAsync(job, ct);
        LaunchRequest request;
        try
        {
            request = Prepare(job, login, gpus);
        }
        catch (IOException error)
        {
            // A full disk or a directory taken away: the submitter must learn it, and the GPUs must come back.
            await tell(reports.Launched(job, new LaunchOutcome.NotStarted($"the job's files could not be written: {error.Message}")));
            return;
        }

        await tell(reports.Launched(job, await executor.StartAsync(request, ct)));
    }

    /// <summary>Whose login stands in for an environment that was not captured. A name service that hangs delays this start, and no other.</summary>
    /// <exception cref="IOException">Nobody can say now.</exception>
    private async Task<Account?> LoginAsync(Job job, CancellationToken ct) => job.Spec.EnvironmentHash is null
        ? await settings.Accounts.OfAsync(job.Uid, patience: null, ct) ?? throw new IOException($"the machine's name service cannot say who uid {job.Uid} is")
        : null;

    private LaunchRequest Prepare(Job job, Account? login, GpuBoard gpus)
    {
        var script = job.Spec.ScriptHash is { } hash ? Content(hash) : null;
        var copy = script is null ? null : WriteScript(job.Id, script);
        var logPath = settings.Paths.LogOf(job.Id);
        var variables = JobEnvironment.Build(job, Environment(job.Spec), login, logPath, new JobSurroundings(VisibleGpus(job, gpus), settings.HideGpus, settings.PythonUnbuffered));
        var run = JobScript.Of(job.Filled.Value, script, copy, variables, looksForPrograms: !settings.IsShared);
        return new LaunchRequest(
            job.Id.Value,
            job.Attempt,
            run.Program,
            run.Arguments,
            job.Spec.RunDir,
            variables,
            logPath,
            settings.LogMaxBytes,
            AppendLog: false)
        {
            Uid = job.Uid,
            Umask = job.Spec.Umask,
            Limits = job.Spec.Limits,
            HasScript = copy is not null,
            Original = run.Original,
        };
    }

    /// <summary>The names by which the libraries of the GPUs' makers find those of the job.</summary>
    private List<string> VisibleGpus(Job job, GpuBoard gpus) =>
        [.. (job.Status.AssignedGpus ?? []).Select(index => settings.NamesGpusByUuid && gpus.Find(index) is { } gpu ? gpu.Uuid : $"{gpus.PositionOf(index) ?? index}")];

    private byte[]? Environment(JobSpec spec)
    {
        if (spec.EnvironmentHash is not { } hash)
        {
            return null;
        }

        var last = _lastEnvironment;
        if (last?.Hash != hash)
        {
            _lastEnvironment = last = new StoredContent(hash, Content(hash));
        }

        return last.Bytes;
    }

    private byte[] Content(string hash)
    {
        using var reader = database.OpenReader();
        return ContentTable.Get(reader, hash);
    }

    /// <summary>Closed and synced before anything runs it, so that a crash never leaves half a script behind.</summary>
    private string WriteScript(JobId id, byte[] script)
    {
        var path = settings.Paths.ScriptOf(id);
        var partial = path + ".new";
        using (var file = new FileStream(partial, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(script);
            file.Flush(flushToDisk: true);
        }

        File.Move(partial, path, overwrite: true);
        return path;
    }

    private sealed record StoredContent(string Hash, byte[] Bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job}: {Reason}. It is tried again.")]
    private static partial void LogEffectFailed(ILogger log, JobId job, string reason);
}
