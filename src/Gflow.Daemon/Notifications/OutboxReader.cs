using Gflow.Core.Events;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Notifications;

/// <summary>The outbox as the lanes read it: one connection for all of them, one at a time, for reads are short and connections hold memory.</summary>
/// <param name="commits">How far the history is visible to everybody: nobody is told of what a look at the daemon would not show yet.</param>
internal sealed class OutboxReader(Database database, CommitSignal commits) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SqliteConnection _reader = database.OpenReader();

    /// <inheritdoc cref="DeliveryTable.ReadDue"/>
    public IReadOnlyList<DeliveryRow> ReadDue(string target, DateTimeOffset now, int limit)
    {
        lock (_gate)
        {
            return DeliveryTable.ReadDue(_reader, target, now, commits.LastEventSeq, limit);
        }
    }

    /// <inheritdoc cref="DeliveryTable.NextDue"/>
    public DateTimeOffset? NextDue(string target, DateTimeOffset now)
    {
        lock (_gate)
        {
            return DeliveryTable.NextDue(_reader, target, now);
        }
    }

    /// <inheritdoc cref="DeliveryTable.LastPlanned"/>
    public DateTimeOffset? LastPlanned(string target, DateTimeOffset now)
    {
        lock (_gate)
        {
            return DeliveryTable.LastPlanned(_reader, target, now);
        }
    }

    /// <summary>Whether deliveries to the target are pending that are not among the held ones.</summary>
    public bool AnyPendingBeside(string target, HashSet<long> held)
    {
        lock (_gate)
        {
            // One more than are held: among so many there must be another, or all there are have been seen.
            return DeliveryTable.ReadPendingSeqs(_reader, target, held.Count + 1).Any(seq => !held.Contains(seq));
        }
    }

    /// <inheritdoc cref="TargetTable.ReadUnattended"/>
    public IReadOnlyList<Unattended> ReadUnattended(IReadOnlySet<string> configured)
    {
        lock (_gate)
        {
            return TargetTable.ReadUnattended(_reader, configured);
        }
    }

    /// <inheritdoc cref="DeliveryTable.ReadExpired"/>
    public IReadOnlyList<DeliveryRow> ReadExpired(string target, DateTimeOffset now, int limit)
    {
        lock (_gate)
        {
            return DeliveryTable.ReadExpired(_reader, target, now, limit);
        }
    }

    /// <inheritdoc cref="PauseTable.Find"/>
    public TargetPause? ReadPause(string target)
    {
        lock (_gate)
        {
            return PauseTable.Find(_reader, target);
        }
    }

    /// <summary>What others know of a target's trouble.</summary>
    public TargetSpells ReadSpells(string target)
    {
        lock (_gate)
        {
            return new TargetSpells(target, SpellTable.Find(_reader, target, EventType.NotificationTargetFailing), SpellTable.Find(_reader, target, EventType.NotificationDead));
        }
    }

    public void Dispose() => _reader.Dispose();
}
