using System.Security.Cryptography.X509Certificates;
using Gflow.Client.Configuration;
using Gflow.Core.Access;
using Gflow.Core.Events;
using Gflow.Core.Notifications;
using MimeKit;

namespace Gflow.Daemon.Configuration;

/// <summary>The whole configuration of a daemon, checked. The defaults are those of the initialisers here and nowhere else.</summary>
internal sealed record DaemonOptions
{
    /// <summary>The configured zone; null for that of this machine.</summary>
    public TimeZoneInfo? Timezone { get; init; }

    public required ServingOptions Daemon { get; init; }

    public ExecutorOptions Executor { get; init; } = new();

    public AccessOptions Access { get; init; } = new();

    public ProjectOptions Projects { get; init; } = new();

    public QuotaOptions Quota { get; init; } = new();

    public required StorageOptions Storage { get; init; }

    public NotificationOptions Notifications { get; init; } = new();

    /// <summary>What an empty configuration means for a user.</summary>
    public static DaemonOptions Defaults(GflowPaths paths) => new()
    {
        Daemon = new ServingOptions { Socket = paths.Socket },
        Storage = new StorageOptions { Path = paths.DataDirectory },
    };
}

/// <summary>How GPUs are chosen when more are free than asked for.</summary>
internal enum GpuAllocationStrategy
{
    Sequential,
    Random,
}

/// <summary><c>[daemon]</c></summary>
internal sealed record ServingOptions
{
    /// <summary>Host name, IPv4 or bare IPv6 address to listen on.</summary>
    public string Host { get; init; } = ClientOptions.DefaultHost;

    /// <summary>TCP port; 0 for any free one.</summary>
    public int Port { get; init; } = ClientOptions.DefaultPort;

    /// <summary>Whether the port was asked for, so that there is no going without it.</summary>
    public bool MustHavePort { get; init; }

    /// <summary>Absolute path of the Unix socket.</summary>
    public required string Socket { get; init; }

    /// <summary>The user that a gflowd of root serves as; null when not set.</summary>
    public string? User { get; init; }

    /// <summary>The GPUs jobs may have, ascending; null for all.</summary>
    public IReadOnlyList<int>? Gpus { get; init; }

    public GpuAllocationStrategy GpuAllocationStrategy { get; init; } = GpuAllocationStrategy.Sequential;

    public TimeSpan GpuPollInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>GPUs to pretend instead of real ones; 0 for none.</summary>
    public int SimulatedGpus { get; init; }

    public FairShareOptions FairShare { get; init; } = new();
}

/// <summary><c>[daemon.fair_share]</c></summary>
internal sealed record FairShareOptions
{
    public bool Enabled { get; init; } = true;

    /// <summary>Seconds after which past usage counts half; 0 forgets it at once.</summary>
    public long HalfLifeSecs { get; init; } = 604_800;
}

/// <summary><c>[executor]</c>; its <c>type</c> is checked but chooses nothing, as there is one executor.</summary>
internal sealed record ExecutorOptions
{
    /// <summary>Whether jobs without GPUs see none, whatever their environment said.</summary>
    public bool HideGpus { get; init; } = true;

    /// <summary>Whether the output of Python is in the log as soon as it is written, unless a job's environment says otherwise.</summary>
    public bool PythonUnbuffered { get; init; } = true;

    /// <summary>Time between SIGTERM and SIGKILL.</summary>
    public TimeSpan KillGrace { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary><c>[access]</c></summary>
internal sealed record AccessOptions
{
    /// <summary>Who may do and see what.</summary>
    public AccessPolicy Policy { get; init; } = new();

    /// <summary>Whether a shared daemon runs jobs of root and of users of the system.</summary>
    public bool RootJobs { get; init; }
}

/// <summary><c>[projects]</c></summary>
internal sealed record ProjectOptions
{
    /// <summary>The projects a job may name, trimmed; empty for any.</summary>
    public IReadOnlyList<string> KnownProjects { get; init; } = [];

    public bool RequireProject { get; init; }
}

/// <summary><c>[quota]</c></summary>
internal sealed record QuotaOptions
{
    public QuotaLimits DefaultUser { get; init; } = new();

    public QuotaLimits DefaultProject { get; init; } = new();

    public IReadOnlyDictionary<string, QuotaLimits> Users { get; init; } = new Dictionary<string, QuotaLimits>();

    public IReadOnlyDictionary<string, QuotaLimits> Projects { get; init; } = new Dictionary<string, QuotaLimits>();
}

/// <summary>Limits of one user or project; null is no limit, 0 allows none.</summary>
internal sealed record QuotaLimits(long? MaxRunningJobs = null, long? MaxRunningGpus = null, long? MaxQueuedJobs = null);

/// <summary><c>[storage]</c></summary>
internal sealed record StorageOptions
{
    /// <summary>Absolute path of the data directory.</summary>
    public required string Path { get; init; }

    /// <summary>How long finished jobs stay in the history; null for ever.</summary>
    public TimeSpan? JobRetention { get; init; } = TimeSpan.FromDays(365);

    /// <summary>How long events stay readable; null for ever.</summary>
    public TimeSpan? EventRetention { get; init; } = TimeSpan.FromDays(90);

    /// <summary>A job's log is truncated when it grows beyond this; 0 for no limit.</summary>
    public long LogMaxMb { get; init; } = 1024;

    /// <summary>New work is refused when less is free on the disk; 0 to go on to the last byte.</summary>
    public long MinFreeMb { get; init; } = 512;

    /// <summary>The most that undelivered and delivered messages may occupy.</summary>
    public long OutboxMaxMb { get; init; } = 256;
}

/// <summary><c>[notifications]</c></summary>
internal sealed record NotificationOptions
{
    public bool Enabled { get; init; }

    /// <summary>Attempts in flight, webhooks and mails together; at least 1.</summary>
    public int MaxConcurrentDeliveries { get; init; } = 16;

    public IReadOnlyList<WebhookTargetOptions> Webhooks { get; init; } = [];

    public IReadOnlyList<EmailTransportOptions> Emails { get; init; } = [];

    /// <summary>Webhooks and mail, each in the order of the file.</summary>
    public IReadOnlyList<TargetOptions> Targets => [.. Webhooks, .. Emails];

    public RecipientOptions Recipients { get; init; } = new();
}

/// <summary><c>[notifications.recipients]</c>: whom jobs may have told.</summary>
internal sealed record RecipientOptions
{
    /// <summary>Where users have their mail; null when that is not known.</summary>
    public string? Domain { get; init; }

    /// <summary>Addresses that may be named, with <c>*</c> for any characters; null for all.</summary>
    public IReadOnlyList<string>? Allow { get; init; }

    /// <summary>Null for any number.</summary>
    public int? PerUserPerHour { get; init; }
}

/// <summary>What every target has, whatever its channel.</summary>
internal abstract record TargetOptions
{
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Unique over all targets, and the only way a target is ever called in texts.</summary>
    public required string Name { get; init; }

    /// <summary>Whether somebody gave it that name; else it was made from <see cref="Address"/>.</summary>
    public bool IsNamed { get; init; } = true;

    public abstract TargetKind Kind { get; }

    /// <summary>Where it leads; of the address no more than that may be shown, for the rest may be a secret.</summary>
    public abstract string Host { get; }

    /// <inheritdoc cref="KnownTarget.Address"/>
    public string Address => KnownTarget.AddressOf(Host, Identity);

    /// <summary>What it wants to hear of; all there is for <c>*</c>.</summary>
    public IReadOnlySet<EventType> Events { get; init; } = EventTypes.All.ToHashSet();

    /// <summary>The users it wants to hear of, lower case; null for everybody.</summary>
    public IReadOnlySet<string>? FilterUsers { get; init; }

    /// <summary>Whether what it is told holds the job's whole command.</summary>
    public bool IncludesCommand { get; init; }

    /// <summary>Deadline of one whole attempt.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>Attempts after the first; null when not set, and retries then end by time.</summary>
    public uint? MaxRetries { get; init; }

    /// <summary>The certificates of <c>ca_file</c>: whom to trust besides those whom the machine trusts.</summary>
    public IReadOnlyList<X509Certificate2> Authorities { get; init; } = [];

    /// <summary>What tells it from others. Without passwords: a short hash of one could be guessed at.</summary>
    protected abstract string Identity { get; }
}

/// <summary>One of <c>[[notifications.webhooks]]</c></summary>
internal sealed record WebhookTargetOptions : TargetOptions
{
    /// <summary>Absolute, http or https. A secret beyond scheme and host.</summary>
    public required Uri Url { get; init; }

    /// <summary>Headers to add, names compared without case. The values are secrets.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>What messages are signed with, the newest first; empty for no signatures.</summary>
    public IReadOnlyList<SigningSecret> Secrets { get; init; } = [];

    /// <summary>The HTTP proxy to go through, with its credentials where it wants some; null for none.</summary>
    public Uri? Proxy { get; init; }

    public override TargetKind Kind => TargetKind.Webhook;

    public override string Host => Url.Host;

    protected override string Identity => new UriBuilder(Url) { UserName = "", Password = "" }.Uri.AbsoluteUri;

    /// <summary>The name alone: whatever prints a target must not print its secrets.</summary>
    public override string ToString() => Name;
}

/// <summary>One of <c>[[notifications.emails]]</c></summary>
internal sealed record EmailTransportOptions : TargetOptions
{
    public required SmtpEndpoint Smtp { get; init; }

    public required MailboxAddress From { get; init; }

    /// <summary>Who gets every message; empty for a transport of jobs' own recipients alone.</summary>
    public IReadOnlyList<MailboxAddress> To { get; init; } = [];

    /// <summary>Trimmed; null when not set or blank.</summary>
    public string? SubjectPrefix { get; init; }

    /// <summary>Whether jobs' own recipients are served by this transport before all others.</summary>
    public bool Default { get; init; }

    /// <summary>Whether user and password may cross a network without encryption.</summary>
    public bool AllowCleartextAuth { get; init; }

    public override TargetKind Kind => TargetKind.Email;

    public override string Host => Smtp.Host;

    protected override string Identity => $"{Smtp.TlsMode} {Smtp.User} {Smtp.Host} {Smtp.Port} {From}";

    /// <summary>The name alone: whatever prints a target must not print its secrets.</summary>
    public override string ToString() => Name;
}
