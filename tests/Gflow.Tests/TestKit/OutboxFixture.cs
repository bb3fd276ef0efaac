using Gflow.Core.Events;
using Gflow.Core.Notifications;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gflow.Tests.TestKit;

/// <summary>An outbox in a real file, with a writer that commits as the engine does, and pumps on it.</summary>
internal sealed class OutboxFixture : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("gflow-outbox-").FullName;
    private readonly Lock _writer = new();
    private readonly EventTable _events;
    private readonly DeliveryTable _deliveries;
    private readonly CommitSignal _commits = new();
    private long _seq;

    public OutboxFixture(TimeProvider? time = null)
    {
        Time = time ?? TimeProvider.System;
        Database = Database.Open(Path.Combine(_home, "gflow.db"), Time);
        _events = new EventTable(Database.Writer);
        _deliveries = new DeliveryTable(Database.Writer);
        _commits.Advance(long.MaxValue);
    }

    public TimeProvider Time { get; }

    public Database Database { get; }

    /// <summary>Asked before each commit of outcomes; throws to play a disk that is full.</summary>
    public Action<IReadOnlyList<Settlement>> BeforeSettling { get; set; } = _ => { };

    public OutboxPump Pump(ILogger<OutboxPump>? log = null) => new(Database, _commits, SettleAsync, Time, new Random(1), log ?? NullLogger<OutboxPump>.Instance);

    /// <summary>Commits one event of each kind given, for one target, and hands it to the pump when there is one.</summary>
    public IReadOnlyList<DeliveryRow> Commit(string target, IEnumerable<(uint Job, EventType Type)> events, OutboxPump? pump = null, string? recipient = null, TimeSpan? lifetime = null)
    {
        lock (_writer)
        {
            using var transaction = Database.Writer.BeginTransaction();
            var now = Time.GetUtcNow();
            var rows = events.Select(item => Row(target, item.Job, item.Type, recipient, now, now + (lifetime ?? RetrySchedule.Lifetime))).ToList();
            foreach (var row in rows)
            {
                _events.Append(
                    new EventRow(row.EventSeq, row.EventUid, row.Type, row.EventAt, null, null, row.Type.WireName(), "{}"u8.ToArray(), row.Payload), transaction);
            }

            _deliveries.Insert(transaction, rows);
            transaction.Commit();
            pump?.Committed(rows);
            return rows;
        }
    }

    public DeliveryCounts Counts()
    {
        using var reader = Database.OpenReader();
        return DeliveryTable.Count(reader);
    }

    /// <summary>Retries that deliveries have spent, of all or of those still pending.</summary>
    public long Spent(bool pending = false)
    {
        using var reader = Database.OpenReader();
        return Database.ScalarInt64(reader, "SELECT SUM(attempts) FROM delivery" + (pending ? " WHERE state = 0" : ""));
    }

    public IReadOnlyList<AttemptRecord> Attempts(long delivery)
    {
        using var reader = Database.OpenReader();
        return AttemptTable.Read(reader, delivery);
    }

    public string? Reason(long delivery)
    {
        using var reader = Database.OpenReader();
        using var command = reader.CreateCommand();
        command.CommandText = "SELECT reason FROM delivery WHERE seq = $seq";
        command.Parameters.AddWithValue("$seq", delivery);
        return command.ExecuteScalar() as string;
    }

    public void Dispose()
    {
        _events.Dispose();
        _deliveries.Dispose();
        Database.Dispose();
        Directory.Delete(_home, recursive: true);
    }

    private Task SettleAsync(IReadOnlyList<Settlement> settlements)
    {
        lock (_writer)
        {
            BeforeSettling(settlements);
            using var transaction = Database.Writer.BeginTransaction();
            foreach (var settlement in settlements)
            {
                _deliveries.Settle(transaction, settlement);
            }

            transaction.Commit();
        }

        return Task.CompletedTask;
    }

    private DeliveryRow Row(string target, uint job, EventType type, string? recipient, DateTimeOffset now, DateTimeOffset deadline)
    {
        var seq = ++_seq;
        var payload = EventTypes.OfJobs.Contains(type) ? SamplePayloads.OfJob(type, job, sequence: seq) : SamplePayloads.OfMachine(type);
        return new DeliveryRow
        {
            Seq = seq,
            EventSeq = seq,
            EventUid = $"evt_{seq}",
            Type = type,
            EventAt = SamplePayloads.Noon,
            Target = target,
            Recipient = recipient,
            OrderKey = payload.Job?.Id,
            NextAt = now,
            Deadline = deadline,
            Payload = SamplePayloads.Bytes(payload),
        };
    }
}
