using Gflow.Core.Jobs;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Engine;

/// <summary>What the effects need to know.</summary>
internal sealed record EffectSettings(DataPaths Paths, long LogMaxBytes, bool HideGpus);

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

    /// <summary>Does what the change of a job asks for; returns at once.</summary>
    public void Carry(Job? before, Job after)
    {
        switch (before?.Status, after.Status)
        {
            case (not JobStatus.Starting, JobStatus.Starting):
                Run(after, LaunchAsync);
                break;
            case (not JobStatus.Ending, JobStatus.Ending):
            case (JobStatus.Ending { StartedAt: null }, JobStatus.Ending { StartedAt: not null }):
                Signal(after, SignalText.Term);
                break;
            case (JobStatus.Starting or JobStatus.Running or JobStatus.Ending, JobStatus.Ended):
                LetGo(after);
                break;
        }
    }

    public void Launch(Job job) => Run(job, LaunchAsync);

    public void Signal(Job job, int signal) =>
        Run(job, (target, ct) => executor.SignalAsync(target.Id.Value, target.Attempt, signal, ct));

    /// <summary>Lets the launcher forget a job whose end is stored.</summary>
    public void LetGo(Job job) => Run(job, async (target, ct) =>
    {
        if (target.Spec.ScriptHash is not null)
        {
            File.Delete(settings.Paths.ScriptOf(target.Id));
        }

        await executor.AcknowledgeAsync(target.Id.Value, target.Attempt, ct);
    });

    /// <summary>Begins nothing more; what was asked for stays due for the next start.</summary>
    public void Stop() => _stopping.Cancel();

    public void Dispose() => _stopping.Dispose();

    private void Run(Job job, Func<Job, CancellationToken, Task> effect)
    {
        var stopping = _stopping.Token;
        _ = Task.Run(() => PersistAsync(job, effect, stopping), CancellationToken.None);
    }

    /// <summary>The executor mends its connections itself; when it cannot, the effect stays due.</summary>
    private async Task PersistAsync(Job job, Func<Job, CancellationToken, Task> effect, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await effect(job, stopping);
                return;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is ExecutorUnavailableException or IOException)
            {
                LogEffectFailed(log, job.Id, error.Message);
                await Task.Delay(RetryDelay, time, stopping).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
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
        var (script, environment) = Contents(job.Spec);
        var copy = script is null ? null : WriteScript(job.Id, script);
        var logPath = settings.Paths.LogOf(job.Id);
        var variables = JobEnvironment.Build(job, environment, Account.Of, logPath, settings.HideGpus);
        var run = JobScript.Of(job.Spec, script, copy, variables);
        return new LaunchRequest(
            job.Id.Value,
            job.Attempt,
            run.Program,
            run.Arguments,
            job.Spec.RunDir,
            variables,
            logPath,
            settings.LogMaxBytes,
            AppendLog: false);
    }

    private (byte[]? Script, byte[]? Environment) Contents(JobSpec spec)
    {
        if (spec is { ScriptHash: null, EnvironmentHash: null })
        {
            return (null, null);
        }

        using var reader = database.OpenReader();
        return (
            spec.ScriptHash is { } script ? ContentTable.Get(reader, script) : null,
            spec.EnvironmentHash is { } environment ? ContentTable.Get(reader, environment) : null);
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job}: {Reason}. It is tried again.")]
    private static partial void LogEffectFailed(ILogger log, JobId job, string reason);
}
