using Gflow.Core.Notifications;

namespace Gflow.Daemon.Notifications;

/// <summary>How fast a target is lately. Belongs to its lane's loop.</summary>
internal sealed class LanePace(TimeProvider time)
{
    // An attempt is late that takes so many times the usual, and so long at least.
    private const double MostOfUsual = 4;
    private static readonly TimeSpan LeastLateness = TimeSpan.FromMilliseconds(250);

    // Those in flight.
    private readonly List<Beginning> _begun = [];

    // How long the target takes over an answer; null before the first.
    private TimeSpan? _usual;

    /// <summary>Whether it takes longer than its timeout over a verdict.</summary>
    public bool VerdictsAreSlow { get; set; }

    /// <summary>An attempt is to be made.</summary>
    public Beginning Begin()
    {
        var begun = new Beginning();
        _begun.Add(begun);
        return begun;
    }

    /// <summary>It is over.</summary>
    public void End(Beginning begun) => _begun.Remove(begun);

    /// <summary>What an attempt says of the target's speed.</summary>
    public void Note(Attempt attempt)
    {
        // Slowness counts only as long as nothing comes in time.
        VerdictsAreSlow = attempt.VerdictWasSlow || (VerdictsAreSlow && attempt.Outcome is DeliveryOutcome.TryLater { Code: null });
        if (attempt.Outcome.Code is not null)
        {
            _usual = _usual is { } usual ? (usual * 0.8) + (attempt.Took * 0.2) : attempt.Took;
        }
    }

    /// <summary>
    /// Whether an attempt under way takes much longer than they usually do at this target: it may have begun to hang, and then as few
    /// slots as possible should hang with it.
    /// </summary>
    public bool AnyIsLate()
    {
        var most = (_usual ?? TimeSpan.Zero) * MostOfUsual;
        most = most > LeastLateness ? most : LeastLateness;
        return _begun.Exists(begun => begun.At is { } at && time.GetElapsedTime(at) > most);
    }

    /// <summary>When an attempt in flight got its slot.</summary>
    internal sealed class Beginning
    {
        private long _at;

        /// <summary>A timestamp of the clock; null while it waits for a slot.</summary>
        public long? At
        {
            get => Volatile.Read(ref _at) is not 0 and var at ? at : null;
            set => Volatile.Write(ref _at, value ?? 0);
        }
    }
}
