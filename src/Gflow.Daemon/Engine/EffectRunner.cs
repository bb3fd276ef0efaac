using Gflow.Client;
using Gflow.Core.Jobs;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Engine;

/// <summary>What the effects need to know.</summary>
/// <param name="IsShared">Whether jobs run as whoever submitted them, and what their environments lead to is not to be looked at.</param>
internal sealed record EffectSettings(DataPaths Paths, long LogMaxBytes, bool HideGpus, bool PythonUnbuffered, bool IsShared = false);

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

    /// <summary>Does what the changes of a batch ask for; returns at once.</summary>
    /// <param name="before">The jobs as they were before it.</param>
    /// <param name="changed">Those it changed.</param>
    /// <param name="kills">Those whose grace is over.</param>
    public void Carry(JobBoard before, IReadOnlyList<Job> changed, IReadOnlyList<Job> kills)
    {
        var effects = new List<Effect>();

        // Starts first: a free GPU waits for them, and nobody waits for the launcher to forget what has ended.
        foreach (var job in changed.OrderByDescending(job => job.Status is JobStatus.Starting))
        {
            switch (before.Jobs.GetValueOrDefault(job.Id)?.Status, job.Status)
            {
                case (not JobStatus.Starting, JobStatus.Starting):
                    effects.Add(new Effect(job, LaunchAsync));
                    break;
                case (not JobStatus.Ending, JobStatus.Ending):
                case (JobStatus.Ending { StartedAt: null }, JobStatus.Ending { StartedAt: not null }):
                    effects.Add(Signalling(job, SignalText.Term));
                    break;
                case (JobStatus.Starting or JobStatus.Running or JobStatus.Ending, JobStatus.Ended):
                    effects.Add(new Effect(job, LetGoAsync));
                    break;
            }
        }

        effects.AddRange(kills.Select(job => Signalling(job, SignalText.Kill)));
        Run(effects);
    }

    public void Launch(Job job) => Run([new Effect(job, LaunchAsync)]);

    public void Signal(Job job, int signal) => Run([Signalling(job, signal)]);

    /// <summary>Lets the launcher forget a job whose end is stored.</summary>
    public void LetGo(Job job) => Run([new Effect(job, LetGoAsync)]);

    /// <summary>Begins nothing more; what was asked for stays due for the next start.</summary>
    public void Stop() => _stopping.Cancel();

    public void Dispose() => _stopping.Dispose();

    private void Run(List<Effect> effects)
    {
        if (effects.Count == 0)
        {
            return;
        }

        // One thread is woken for all of them: each only prepares and sends before it waits for the launcher.
        var stopping = _stopping.Token;
        _ = Task.Run(
            () =>
            {
                foreach (var effect in effects)
                {
                    _ = PersistAsync(effect, stopping);
                }
            },
            CancellationToken.None);
    }

    /// <summary>The executor mends its connections itself; when it cannot, the effect stays due.</summary>
    private async Task PersistAsync(Effect effect, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await effect.Do(effect.Job, stopping);
                return;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is ExecutorUnavailableException or IOException)
            {
                LogEffectFailed(log, effect.Job.Id, error.Message);
                await Task.Delay(RetryDelay, time, stopping).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
    }

    private Effect Signalling(Job job, int signal) =>
        new(job, (target, ct) => executor.SignalAsync(target.Id.Value, target.Attempt, signal, ct));

    private async Task LetGoAsync(Job job, CancellationToken ct)
    {
        if (job.Spec.ScriptHash is not null)
        {
            File.Delete(settings.Paths.ScriptOf(job.Id));
        }

        await executor.AcknowledgeAsync(job.Id.Value, job.Attempt, ct);
    }

    private async Task LaunchAsync(Job job, CancellationToken ct)
    {
        LaunchRequest request;
        try
        {
            request = Prepare(job);
        }
        catch (IOException error)
        {
            // A full disk or a directory taken away: the submitter must learn it, and the GPUs must come back.
            await tell(reports.Launched(job, new LaunchOutcome.NotStarted($"the job's files could not be written: {error.Message}")));
            return;
        }

        await tell(reports.Launched(job, await executor.StartAsync(request, ct)));
    }

    private LaunchRequest Prepare(Job job)
    {
        var script = job.Spec.ScriptHash is { } hash ? Content(hash) : null;
        var copy = script is null ? null : WriteScript(job.Id, script);
        var logPath = settings.Paths.LogOf(job.Id);
        var variables = JobEnvironment.Build(job, Environment(job.Spec), Account.Of, logPath, settings.HideGpus, settings.PythonUnbuffered);
        var run = JobScript.Of(job.Spec, script, copy, variables, looksForPrograms: !settings.IsShared);
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

    private sealed record Effect(Job Job, Func<Job, CancellationToken, Task> Do);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job}: {Reason}. It is tried again.")]
    private static partial void LogEffectFailed(ILogger log, JobId job, string reason);
}
