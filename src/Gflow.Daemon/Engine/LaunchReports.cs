using System.Threading.Channels;
using Gflow.Core.Jobs;
using Gflow.Daemon.Execution;

namespace Gflow.Daemon.Engine;

/// <summary>Carries what the launcher answers and reports to the engine, in the order that the rules need.</summary>
internal sealed class LaunchReports(Func<EngineCommand, ValueTask> tell) : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Ends that overtook the answer to their start: a job that is over within a millisecond reports both at once, on two roads. Only the writer's turn touches this.</summary>
    private readonly Dictionary<(JobId, int), ExecutorReport.Exited> _early = [];

    public void Follow(ChannelReader<ExecutorReport> reports)
    {
        var stopping = _stopping.Token;
        _ = Task.Run(
            async () =>
            {
                try
                {
                    await foreach (var report in reports.ReadAllAsync(stopping))
                    {
                        await tell(News(report));
                    }
                }
                catch (OperationCanceledException)
                {
                    // The daemon stops; the launcher tells the next one.
                }
            },
            CancellationToken.None);
    }

    /// <summary>The launcher's answer to a start.</summary>
    public EngineNews Launched(Job job, LaunchOutcome outcome)
    {
        var run = (job.Id, job.Attempt);
        return new EngineNews(
            batch =>
            {
                switch (outcome)
                {
                    case LaunchOutcome.Started started:
                        batch.Rules.Started(job.Id, job.Attempt, started.Pid, started.StartedAt);
                        if (_early.TryGetValue(run, out var exited))
                        {
                            Apply(batch, exited);
                        }

                        break;
                    case LaunchOutcome.NotStarted refused:
                        batch.Rules.NotStarted(job.Id, job.Attempt, refused.Reason);
                        break;
                }
            },
            () => _early.Remove(run),
            canWait: outcome is LaunchOutcome.Started);
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private EngineNews News(ExecutorReport report) => new(batch =>
    {
        switch (report)
        {
            case ExecutorReport.Exited exited when batch.Rules.Find(new JobId(exited.JobId)) is { Status: JobStatus.Starting or JobStatus.Ending { StartedAt: null } } job
                && job.Attempt == exited.Attempt:
                _early[(job.Id, job.Attempt)] = exited;
                break;
            case ExecutorReport.Exited exited:
                Apply(batch, exited);
                break;
            case ExecutorReport.Gone gone:
                batch.Rules.Gone(new JobId(gone.JobId), gone.Attempt);
                break;
            case ExecutorReport.Reconnected reconnected:
                Recovery.LoseMissing(batch, reconnected.Jobs);
                break;
        }
    });

    private static void Apply(EngineBatch batch, ExecutorReport.Exited exited) => batch.Rules.Exited(
        new JobId(exited.JobId),
        exited.Attempt,
        new ProcessExit(exited.ExitCode, exited.Signal, exited.EndedAt, exited.MachineRestarted),
        exited.IsGone);
}
