using Gflow.Client.Platform;
using Gflow.Core.Jobs;
using Gflow.Daemon.Platform;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Engine;

/// <summary>How long the history is kept; null for ever.</summary>
internal sealed record RetentionTerms(TimeSpan? Jobs, TimeSpan? Events);

/// <summary>Forgets what is older than the terms, a slice at a time inside normal batches, so that nobody waits for it.</summary>
internal sealed partial class Retention : IDisposable
{
    private const int Slice = 500;
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    private readonly DataPaths _paths;
    private readonly Func<EngineCommand, ValueTask> _tell;
    private readonly ILogger _log;
    private readonly ITimer _timer;
    private RetentionTerms _terms;

    public Retention(RetentionTerms terms, DataPaths paths, Func<EngineCommand, ValueTask> tell, TimeProvider time, ILogger<Retention> log)
    {
        _terms = terms;
        _paths = paths;
        _tell = tell;
        _log = log;
        _timer = time.CreateTimer(_ => Begin(), null, Period, Period);
    }

    /// <summary>Other terms, from the next round on.</summary>
    public void Change(RetentionTerms terms) => Volatile.Write(ref _terms, terms);

    /// <summary>Begins a round now.</summary>
    public void Begin()
    {
        var round = new Round(Volatile.Read(ref _terms), _paths, _log);
        _ = _tell(new EngineNews(batch => batch.Forget += round.Forget, () =>
        {
            round.DeleteLogs();
            if (round.More)
            {
                Begin();
            }
        })).AsTask();
    }

    public void Dispose() => _timer.Dispose();

    private sealed partial class Round(RetentionTerms terms, DataPaths paths, ILogger log)
    {
        private List<JobId> _jobs = [];

        public bool More { get; private set; }

        public void Forget(EngineBatch batch, SqliteConnection writer, SqliteTransaction transaction)
        {
            if (terms.Events is { } events)
            {
                More = EventTable.Forget(writer, transaction, batch.Now - events, Slice);
                More |= AuditTable.Forget(writer, transaction, batch.Now - events, Slice);
            }

            More |= AnswerTable.Forget(writer, transaction, batch.Now - RequestKey.Lifetime, Slice);
            if (terms.Jobs is { } jobs)
            {
                // Tasks of a group share what they wait for.
                var needed = batch.Before.Jobs.Live.Values.Select(job => job.Spec.Dependencies).Distinct(ReferenceEqualityComparer.Instance).Cast<DependencySpec>().SelectMany(spec => spec.On).ToHashSet();
                _jobs = JobTable.Forget(writer, transaction, batch.Now - jobs, needed, Slice);
                More |= _jobs.Count == Slice;
                if (_jobs.Count > 0)
                {
                    GroupTable.ForgetEmpty(writer, transaction);
                    ContentTable.ForgetUnused(writer, transaction);
                }
            }
        }

        /// <summary>Takes names away, which harms nothing that a log has been made a link to; behind a directory that is a link they are somebody else's.</summary>
        public void DeleteLogs()
        {
            if (_jobs.Count > 0 && FileStatus.Of(paths.Logs, follow: false) is not { IsDirectory: true })
            {
                LogsKept(log, _jobs.Count, paths.Logs);
                return;
            }

            foreach (var id in _jobs)
            {
                try
                {
                    File.Delete(paths.LogOf(id));
                }
                catch (Exception error) when (error is IOException or UnauthorizedAccessException)
                {
                    LogKept(log, id, error.Message);
                }
            }
        }

        [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} is forgotten, but its log stays: {Reason}")]
        private static partial void LogKept(ILogger log, JobId job, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Jobs} jobs are forgotten, but their logs stay: {Logs} is a link, or not there; to keep logs elsewhere, set [storage] path")]
        private static partial void LogsKept(ILogger log, int jobs, string logs);
    }
}
