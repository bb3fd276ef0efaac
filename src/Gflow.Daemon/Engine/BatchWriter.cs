using Gflow.Core.Contracts;
using Gflow.Core.Gpus;
using Gflow.Core.Jobs;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Engine;

/// <summary>Puts a batch on disk in one transaction: contents, jobs, events, and the deliveries they cause.</summary>
internal sealed class BatchWriter : IDisposable
{
    private readonly JobTable _jobs;
    private readonly EventTable _events;
    private readonly EventWriter _writer;
    private long _lastEvent;

    public BatchWriter(Database database, SchedulerFacts scheduler)
    {
        Connection = database.Writer;
        _jobs = new JobTable(Connection);
        _events = new EventTable(Connection);
        _writer = new EventWriter(scheduler);
        _lastEvent = EventTable.LastSeq(Connection);
        Commits.Advance(_lastEvent);
    }

    public SqliteConnection Connection { get; }

    public CommitSignal Commits { get; } = new();

    /// <exception cref="SqliteException">Nothing was written.</exception>
    public void Write(EngineBatch batch, JobChanges changes, IReadOnlyList<GpuSlot> gpus)
    {
        if (changes.Jobs.Count == 0 && batch.Contents.Count == 0)
        {
            return;
        }

        var seq = _lastEvent;
        using var transaction = Connection.BeginTransaction();
        foreach (var (hash, bytes) in batch.Contents)
        {
            ContentTable.Put(Connection, transaction, hash, bytes);
        }

        foreach (var job in changes.Jobs)
        {
            _jobs.Put(job, transaction);
        }

        foreach (var happened in changes.Events)
        {
            var (row, _) = _writer.Write(happened, changes.Board, gpus, ++seq);
            _events.Append(row, transaction);
        }

        transaction.Commit();
        _lastEvent = seq;
    }

    /// <summary>Lets readers see what was committed.</summary>
    public void Publish() => Commits.Advance(_lastEvent);

    public void Dispose()
    {
        _jobs.Dispose();
        _events.Dispose();
    }
}
