using System.Security.Cryptography.X509Certificates;
using Gflow.Core.Events;
using Gflow.Core.Notifications;

namespace Gflow.Daemon.Notifications;

/// <summary>What every target has, whatever its channel.</summary>
internal abstract record TargetOptions
{
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Unique over all targets, and the only way a target is ever called in texts.</summary>
    public required string Name { get; init; }

    /// <summary>Whether somebody gave it that name; else it was made from <see cref="Address"/>.</summary>
    public bool IsNamed { get; init; } = true;

    /// <summary>What the API and the store call its kind, such as <c>webhook</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>Where it leads; of the address no more than that may be shown, for the rest may be a secret.</summary>
    public abstract string Host { get; }

    /// <inheritdoc cref="KnownTarget.Address"/>
    public string Address => KnownTarget.AddressOf(Host, Identity);

    /// <summary>What it wants to hear of; all there is for <c>*</c>.</summary>
    public IReadOnlySet<EventType> Events { get; init; } = EventTypes.All.ToHashSet();

    /// <summary>The users it wants to hear of, lower case; null for everybody.</summary>
    public IReadOnlySet<string>? FilterUsers { get; init; }

    /// <summary>Whether it is told of an array's submission, first failure and completion alone.</summary>
    public bool SumsGroupsUp { get; init; }

    /// <summary>Whether what it is told holds the job's whole command.</summary>
    public bool IncludesCommand { get; init; }

    /// <summary>Deadline of one whole attempt.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>Attempts after the first; null when not set, and retries then end by time.</summary>
    public uint? MaxRetries { get; init; }

    /// <summary>The certificates of <c>ca_file</c>: whom to trust besides those whom the machine trusts.</summary>
    public IReadOnlyList<X509Certificate2> Authorities { get; init; } = [];

    /// <summary>What makes it another target under the same name. May hold secrets: it is compared and never shown.</summary>
    public abstract string FullAddress { get; }

    /// <summary>The mailboxes that are told of everything; null where it tells one program, and no people one by one.</summary>
    public virtual IReadOnlyList<string>? Recipients => null;

    /// <summary>Whether jobs' own recipients are served by it before all others.</summary>
    public virtual bool ServesJobs => false;

    /// <summary>As whom it writes; null where that does not matter.</summary>
    public virtual string? Sender => null;

    /// <summary>The way to it; whoever asks disposes of it.</summary>
    public abstract INotificationSink Open(TimeProvider time, GuardedConnector connector);

    /// <summary>The name alone: whatever prints a target must not print its secrets.</summary>
    public sealed override string ToString() => Name;

    /// <summary>What tells it from others. Without passwords: a short hash of one could be guessed at.</summary>
    protected abstract string Identity { get; }
}
