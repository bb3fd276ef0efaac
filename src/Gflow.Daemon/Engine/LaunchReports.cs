using System.Collections.Immutable;
using System.Threading.Channels;
using Gflow.Core.Jobs;
using Gflow.Core.Text;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Engine;

/// <summary>Carries what the launcher answers and reports to the engine, in the order that the rules need.</summary>
internal sealed partial class LaunchReports(Func<EngineCommand, ValueTask> tell, ILogger<LaunchReports> log) : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();

    private ImmutableHashSet<ExecutorReport.Stranger> _strangers = [];

    /// <summary>Ends that overtook the answer to their start: a job that is over within a millisecond reports both at once, on two roads. Only the writer's turn touches this.</summary>
    private readonly Dictionary<(JobId, int), ExecutorReport.Exited> _early = [];

    // The last change of connections, likewise.
    private ExecutorReport.Reconnected? _reconnected;

    // Starts that were answered over a connection, and told before the change to it was: its list of jobs is older than they are. Likewise.
    private readonly Dictionary<JobId, int> _ahead = [];

    /// <summary>Processes that came from jobs, and nobody can tell from which; some may have ended since.</summary>
    public IReadOnlyCollection<ExecutorReport.Stranger> Strangers => Volatile.Read(ref _strangers);

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
                        if (report is ExecutorReport.Stranger stranger)
                        {
                            Note(stranger);
                        }
                        else
                        {
                            await tell(News(report));
                        }
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
                        if (started.Connection > (_reconnected?.Connection ?? 0))
                        {
                            _ahead[job.Id] = started.Connection;
                        }

                        if (_early.TryGetValue(run, out var exited))
                        {
                            Apply(batch, exited);
                        }
                        else if (started.Connection < _reconnected?.Connection)
                        {
                            // Answered before the change of connections, and told after it.
                            Recovery.LoseMissing(batch, _reconnected.Jobs, [job.Id]);
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

    private void Note(ExecutorReport.Stranger stranger)
    {
        var known = _strangers;
        if (!known.Contains(stranger))
        {
            LogStranger(log, stranger.Pid, SafeText.Line(stranger.Name));
            Volatile.Write(ref _strangers, [.. known.Where(other => new ProcessIdentity(other.Pid, other.StartTime).IsAlive), stranger]);
        }
    }

    private EngineNews News(ExecutorReport report) => new(batch =>
    {
        switch (report)
        {
            case ExecutorReport.Exited exited when IsUnanswered(batch, exited.JobId, exited.Attempt):
                var run = (new JobId(exited.JobId), exited.Attempt);
                _early[run] = _early.TryGetValue(run, out var known) && known.IsGone ? known : exited;
                break;
            case ExecutorReport.Exited exited:
                Apply(batch, exited);
                break;
            case ExecutorReport.Gone gone when IsUnanswered(batch, gone.JobId, gone.Attempt):
                if (_early.TryGetValue((new JobId(gone.JobId), gone.Attempt), out var exit))
                {
                    _early[(new JobId(gone.JobId), gone.Attempt)] = exit with { Remaining = 0 };
                }

                break;
            case ExecutorReport.Gone gone:
                batch.Rules.Gone(new JobId(gone.JobId), gone.Attempt);
                batch.Gpus.Gone(new JobId(gone.JobId), gone.Attempt);
                break;
            case ExecutorReport.Reconnected reconnected:
                _reconnected = reconnected;
                foreach (var (id, connection) in _ahead)
                {
                    _ = connection < reconnected.Connection && _ahead.Remove(id);
                }

                Recovery.LoseMissing(batch, reconnected.Jobs, batch.Before.Jobs.Live.Keys.Where(id => !(_ahead.TryGetValue(id, out var connection) && connection >= reconnected.Connection)));
                batch.Gpus.Keep(run => reconnected.Jobs.Any(job => (job.JobId, job.Attempt) == (run.Job.Value, run.Attempt)));
                break;
            case ExecutorReport.Superseded superseded:
                batch.Superseded = superseded.Reason;
                break;
        }
    });

    /// <summary>Whether the job's start was asked for and no answer has come yet.</summary>
    private static bool IsUnanswered(EngineBatch batch, uint id, int attempt) =>
        batch.Rules.Find(new JobId(id)) is { Status: JobStatus.Starting or JobStatus.Ending { StartedAt: null } } job && job.Attempt == attempt;

    private static void Apply(EngineBatch batch, ExecutorReport.Exited exited)
    {
        var id = new JobId(exited.JobId);
        batch.Rules.Exited(id, exited.Attempt, new ProcessExit(exited.ExitCode, exited.Signal, exited.EndedAt, exited.MachineRestarted), exited.IsGone);
        if (exited.IsGone)
        {
            batch.Gpus.Gone(id, exited.Attempt);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Process {Pid} ({Name}) came from a job and has hidden from which. It is left alone, and the job does not wait for it.")]
    private static partial void LogStranger(ILogger log, int pid, string name);
}
