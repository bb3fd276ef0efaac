using Gflow.Daemon.Platform;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications;

/// <summary>
/// What a lane has in memory of what is pending for its target, and in which order that may go: of each job one at a time. Belongs to
/// the lane's loop. The rest stays in the outbox until there is room.
/// </summary>
internal sealed class LaneQueue(string target, OutboxReader outbox)
{
    /// <summary>Most deliveries in memory that wait for their turn.</summary>
    public const int MostReady = 256;

    // Low enough that a refill is worth its query, high enough that the window never starves meanwhile.
    private const int LowWater = MostReady / 4;

    private readonly List<DeliveryRow> _ready = [];
    private readonly HashSet<long> _busyKeys = [];

    // Ready, in flight, or with an outcome that is not committed yet: the outbox still calls these pending.
    private readonly HashSet<long> _held = [];

    // Of those held, the ones that were out when somebody changed the outbox by hand: they may be pending there again.
    private readonly HashSet<long> _outAtChange = [];
    private bool _moreInOutbox = true;
    private bool _outboxChanged = true;

    /// <summary>Of those held, how many do not wait for their turn.</summary>
    public int Out => _held.Count - _ready.Count;

    public bool IsEmpty => _ready.Count == 0;

    /// <summary>The number of the latest delivery that waits for its turn in memory; 0 for none.</summary>
    public long Newest => _ready.Count == 0 ? 0 : _ready.Max(row => row.Seq);

    /// <summary>When something in the outbox comes due; null when nothing there is waiting for the clock.</summary>
    public DateTimeOffset? NextDue { get; private set; }

    /// <summary>The first instant at which something that could go has waited too long; null when nothing could.</summary>
    public DateTimeOffset? NextDeadline => _ready.Where(row => !IsBusy(row)).Select(row => (DateTimeOffset?)row.Deadline).Min();

    /// <summary>Takes over what was committed a moment ago, where memory holds all that is pending: else one of the same job could wait in the outbox before it.</summary>
    public void Take(IReadOnlyList<DeliveryRow> rows)
    {
        if (_moreInOutbox || _ready.Count + rows.Count > MostReady)
        {
            _moreInOutbox = true;
            _outboxChanged = true;
            return;
        }

        // A refill may have come between the commit and this news of it.
        foreach (var row in rows.Where(row => _held.Add(row.Seq)))
        {
            _ready.Add(row);
        }
    }

    /// <summary>Takes over what is to go before all that waits.</summary>
    public void TakeFirst(IReadOnlyList<DeliveryRow> rows)
    {
        foreach (var row in rows.Where(row => _held.Add(row.Seq)))
        {
            _ready.Insert(0, row);
        }
    }

    /// <summary>Somebody has changed the outbox by hand: what waits for its turn is read anew.</summary>
    public void Reread()
    {
        foreach (var row in _ready)
        {
            _held.Remove(row.Seq);
        }

        _ready.Clear();
        _outAtChange.UnionWith(_held);
        _moreInOutbox = true;
        _outboxChanged = true;
    }

    /// <summary>Time has passed: what was not due may be, and is read as soon as there is room.</summary>
    public void Look()
    {
        _outboxChanged = true;
        NextDue = null;
    }

    /// <summary>Reads from the outbox what fits, when it is worth it.</summary>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">It could not be read.</exception>
    public void Refill(DateTimeOffset now)
    {
        if (!_outboxChanged || !_moreInOutbox || _ready.Count >= LowWater)
        {
            return;
        }

        // What is held comes back from the query too, as it is still pending there.
        var limit = MostReady - _ready.Count + _held.Count;
        var due = outbox.ReadDue(target, now, limit);
        Failpoint.Reach("outbox-read");
        foreach (var row in due.Where(row => !_held.Contains(row.Seq) && !IsBusy(row)))
        {
            _held.Add(row.Seq);
            _ready.Add(row);
        }

        _outboxChanged = due.Count == limit;
        _moreInOutbox = _outboxChanged || outbox.AnyPendingBeside(target, _held);
        NextDue = _moreInOutbox ? outbox.NextDue(target, now) : null;
    }

    /// <summary>The outbox could not be read: not before then again.</summary>
    public void RefillAt(DateTimeOffset later)
    {
        _outboxChanged = false;
        NextDue = later;
    }

    /// <summary>
    /// Takes out what may go next; null when nothing may. Its job is busy until <see cref="Ended"/> or, when it is to be tried again,
    /// until <see cref="Settled"/>: before the outbox says so too, it would let followers pass.
    /// </summary>
    /// <param name="blamed">Rather something else than these deliveries and those of the same jobs; null for whatever is first.</param>
    public DeliveryRow? Next(IReadOnlyDictionary<long, LaneHealth.Blame>? blamed = null)
    {
        var i = blamed is null ? -1 : _ready.FindIndex(row => IsBeside(row, blamed));
        i = i >= 0 ? i : _ready.FindIndex(row => !IsBusy(row));
        if (i < 0)
        {
            return null;
        }

        var next = _ready[i];
        _ready.RemoveAt(i);
        if (next.OrderKey is { } key)
        {
            _busyKeys.Add(key);
        }

        return next;
    }

    /// <summary>Takes out what has waited too long.</summary>
    public IReadOnlyList<DeliveryRow> Expired(DateTimeOffset now)
    {
        var expired = _ready.FindAll(row => now > row.Deadline && !IsBusy(row));
        expired.ForEach(row => _ready.Remove(row));
        return expired;
    }

    /// <summary>It will not be tried again.</summary>
    public void Ended(DeliveryRow row)
    {
        if (row.OrderKey is { } key)
        {
            _busyKeys.Remove(key);
        }
    }

    /// <summary>It stays pending, as if nothing had been tried.</summary>
    public void PutBack(DeliveryRow row)
    {
        Ended(row);
        _held.Remove(row.Seq);
        _moreInOutbox = true;
        _outboxChanged = true;
    }

    /// <summary>What became of it is committed.</summary>
    public void Settled(DeliveryRow row, bool staysPending)
    {
        _held.Remove(row.Seq);
        _outboxChanged = true;
        _moreInOutbox |= _outAtChange.Remove(row.Seq);
        if (staysPending)
        {
            Ended(row);
            ForgetFollowers(row);
        }
    }

    /// <summary>They wait in the outbox behind it, and are read when their turn comes.</summary>
    private void ForgetFollowers(DeliveryRow row)
    {
        _moreInOutbox = true;
        if (row.OrderKey is null)
        {
            return;
        }

        foreach (var follower in _ready.FindAll(other => other.OrderKey == row.OrderKey))
        {
            _ready.Remove(follower);
            _held.Remove(follower.Seq);
        }
    }

    /// <summary>Whether something may go that is neither among these deliveries nor of the same jobs, and came after another.</summary>
    public bool HasBeside(IReadOnlyDictionary<long, LaneHealth.Blame> blamed, long after) => _ready.Exists(row => row.Seq > after && IsBeside(row, blamed));

    private bool IsBeside(DeliveryRow row, IReadOnlyDictionary<long, LaneHealth.Blame> blamed) =>
        !IsBusy(row) && !blamed.ContainsKey(row.Seq) && (row.OrderKey is null || !blamed.Values.Any(blame => blame.OrderKey == row.OrderKey));

    private bool IsBusy(DeliveryRow row) => row.OrderKey is { } key && _busyKeys.Contains(key);
}
