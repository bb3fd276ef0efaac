using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Notifications;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Platform;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Engine;

/// <summary>Puts a batch on disk in one transaction: contents, jobs, reservations, events, the deliveries they cause, first answers, and who asked for it.</summary>
internal sealed class BatchWriter : IDisposable
{
    private readonly Database _database;
    private readonly JobTable _jobs;
    private readonly EventTable _events;
    private readonly DeliveryTable _deliveries;
    private readonly AuditTable _audit;
    private readonly EventWriter _writer;
    private long _lastEvent;
    private long _lastDelivery;
    private List<DeliveryRow> _committed = [];

    public BatchWriter(Database database, SchedulerFacts scheduler)
    {
        _database = database;
        Connection = database.Writer;
        Answers = new AnswerTable(Connection);
        _jobs = new JobTable(Connection);
        _events = new EventTable(Connection);
        _deliveries = new DeliveryTable(Connection);
        _audit = new AuditTable(Connection);
        _writer = new EventWriter(scheduler);
        _lastEvent = EventTable.LastSeq(Connection);
        _lastDelivery = DeliveryTable.LastSeq(Connection);
        Commits.Advance(_lastEvent);
    }

    public SqliteConnection Connection { get; }

    public AnswerTable Answers { get; }

    public CommitSignal Commits { get; } = new();

    /// <summary>Whether the last batch had anything to put on disk.</summary>
    public bool HasWritten { get; private set; }

    /// <param name="subscriptions">All targets; empty while notifications are off.</param>
    /// <exception cref="SqliteException">Nothing was written.</exception>
    public void Write(EngineBatch batch, BatchChanges changes, IReadOnlyList<Subscription> subscriptions)
    {
        _committed = [];
        HasWritten = false;
        if (changes.IsEmpty && batch.WritesNothing)
        {
            return;
        }

        var seq = _lastEvent;
        var deliveries = new List<DeliveryRow>();
        using var transaction = Connection.BeginTransaction();
        Put(batch, changes, transaction);
        foreach (var happened in changes.Events)
        {
            Append(happened, changes.Board.Jobs, ++seq, subscriptions, deliveries, transaction);
        }

        foreach (var test in batch.Tests)
        {
            Append(test, batch.Now, changes.Board.Jobs, ++seq, deliveries, transaction);
        }

        _deliveries.Insert(transaction, deliveries);
        foreach (var settlement in batch.Settlements)
        {
            _deliveries.Settle(transaction, settlement);
        }

        foreach (var write in batch.Writes)
        {
            write(Connection, transaction);
        }

        foreach (var first in batch.Answers)
        {
            Answers.Put(transaction, first, batch.Now);
        }

        foreach (var request in batch.Records)
        {
            _audit.Append(transaction, request);
        }

        batch.Forget?.Invoke(batch, Connection, transaction);
        if (batch.IsHeartbeat)
        {
            _database.Beat(transaction, batch.Now);
        }

        Failpoint.Reach(batch.Settlements.Count == 0 ? "commit-before" : "settle-before");
        transaction.Commit();
        Failpoint.Reach(batch.Settlements.Count == 0 ? "commit-after" : "settle-after");
        HasWritten = true;
        _lastEvent = seq;
        _lastDelivery += deliveries.Count;
        _committed = deliveries;
    }

    /// <summary>Lets readers see what was committed.</summary>
    /// <returns>The deliveries it holds.</returns>
    public IReadOnlyList<DeliveryRow> Publish()
    {
        Commits.Advance(_lastEvent);
        return _committed;
    }

    public void Dispose()
    {
        Answers.Dispose();
        _jobs.Dispose();
        _events.Dispose();
        _deliveries.Dispose();
        _audit.Dispose();
    }

    private void Put(EngineBatch batch, BatchChanges changes, SqliteTransaction transaction)
    {
        foreach (var (hash, bytes) in batch.Contents)
        {
            ContentTable.Put(Connection, transaction, hash, bytes);
        }

        foreach (var group in changes.Groups)
        {
            GroupTable.Put(Connection, transaction, group, batch.Now);
        }

        foreach (var job in changes.Jobs)
        {
            _jobs.Put(job, transaction);
        }

        foreach (var gpu in changes.Gpus)
        {
            GpuTable.Put(Connection, transaction, gpu);
        }

        if (changes.HasGpuNotes)
        {
            GpuTable.Put(Connection, transaction, changes.Board.Gpus);
        }

        foreach (var reservation in changes.Reservations)
        {
            ReservationTable.Put(Connection, transaction, reservation);
        }
    }

    private void Append(
        Event happened, JobBoard board, long seq, IReadOnlyList<Subscription> subscriptions, List<DeliveryRow> deliveries, SqliteTransaction transaction)
    {
        var of = happened as JobEvent;
        var spec = of?.Job.Spec;
        var wish = spec?.Notifications ?? (happened as GroupEvent)?.Progress.Group.Spec.Notifications;
        var (row, payload) = _writer.Write(happened, board, seq);
        _events.Append(row, transaction);
        byte[]? withCommand = null;
        foreach (var delivery in NotificationRouter.Route(payload, row.Type, wish, subscriptions, of?.Job.Group is null ? null : of.Moment))
        {
            var made = Row(row, OrderKey(payload), delivery, _lastDelivery + deliveries.Count + 1);
            if (delivery.IncludesCommand && spec is not null)
            {
                withCommand ??= EventWriter.Json(EventFacts.WithCommand(payload, of!.Job));
                made = made with { Payload = withCommand, HasOwnPayload = true };
            }

            deliveries.Add(made);
        }
    }

    private void Append(TargetTest test, DateTimeOffset now, JobBoard board, long seq, List<DeliveryRow> deliveries, SqliteTransaction transaction)
    {
        var (row, payload) = _writer.Write(new TargetTestEvent(test.Target, test.AskedBy, now), board, seq, test.EventUid);
        _events.Append(row, transaction);
        foreach (var recipient in test.Recipients)
        {
            deliveries.Add(Row(row, OrderKey(payload), new Delivery(test.Target, recipient), _lastDelivery + deliveries.Count + 1) with
            {
                // Before all that waits, and for no longer than anybody watches.
                NextAt = DateTimeOffset.UnixEpoch,
                Deadline = now + TargetTest.Lifetime,
            });
        }
    }

    /// <summary>Messages with one key reach a target in their order: those about one job, which a group shares with its first, those about one reservation. Below zero, a reservation's key meets no job's.</summary>
    private static long? OrderKey(NotificationPayload payload) => payload switch
    {
        { Job: { } job } => job.Id,
        { Group: { } group } => group.Number,
        { Reservation: { } reservation } => -(long)reservation.Id,
        _ => null,
    };

    private static DeliveryRow Row(EventRow happened, long? orderKey, Delivery delivery, long seq) => new()
    {
        Seq = seq,
        EventSeq = happened.Seq,
        EventUid = happened.Uid,
        Type = happened.Type,
        EventAt = happened.At,
        Target = delivery.Target,
        Recipient = delivery.Recipient,
        OrderKey = orderKey,
        NextAt = happened.At,
        Deadline = happened.At + RetrySchedule.Lifetime,
        Payload = happened.Payload,
    };
}
