using Gflow.Client.Configuration;
using Gflow.Core.Access;
using Gflow.Core.Gpus;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Http;
using Gflow.Daemon.Notifications;

namespace Gflow.Daemon.Configuration;

/// <summary>The whole configuration of a daemon, checked. The defaults are those of the initialisers here and nowhere else.</summary>
internal sealed record DaemonOptions
{
    /// <summary>The configured zone; null for that of this machine.</summary>
    public TimeZoneInfo? Timezone { get; init; }

    public required ServingOptions Daemon { get; init; }

    public ExecutorOptions Executor { get; init; } = new();

    public AccessOptions Access { get; init; } = new();

    public LimitOptions Limits { get; init; } = new();

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

    /// <summary>Those that are given first, in this order.</summary>
    public IReadOnlyList<int> GpuOrder { get; init; } = [];

    public GpuAllocationStrategy GpuAllocationStrategy { get; init; } = GpuAllocationStrategy.Sequential;

    public TimeSpan GpuPollInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Absolute paths of programs that may compute on a GPU without being minded.</summary>
    public IReadOnlyList<string> GpuIgnore { get; init; } = [];

    /// <summary>A card that nobody is seen on has been taken by others when they have filled more of its memory than this, in MiB; 0 to look at no memory.</summary>
    public long GpuMemoryFloorMb { get; init; } = 1024;

    /// <summary>GPUs to pretend instead of real ones; empty for none.</summary>
    public IReadOnlyList<GpuCard> SimulatedGpus { get; init; } = [];

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

    /// <summary>Whether jobs are told the UUIDs of their GPUs in place of their numbers.</summary>
    public bool NamesGpusByUuid { get; init; }

    /// <summary>Whether the output of Python is in the log as soon as it is written, unless a job's environment says otherwise.</summary>
    public bool PythonUnbuffered { get; init; } = true;

    /// <summary>Time between SIGTERM and SIGKILL.</summary>
    public TimeSpan KillGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Absolute path of the socket of the launcher with root's rights, which a shared daemon needs.</summary>
    public string LauncherSocket { get; init; } = "/run/gflow-launcher/launcher.sock";
}

/// <summary><c>[access]</c></summary>
internal sealed record AccessOptions
{
    /// <summary>Who may do and see what.</summary>
    public AccessPolicy Policy { get; init; } = new();

    /// <summary>Those of <c>admins</c>, for the machine to say who they are.</summary>
    public IReadOnlyList<NamedAdmin> Admins { get; init; } = [];

    /// <summary>Whether the launcher that a shared daemon starts runs jobs of root.</summary>
    public bool RootJobs { get; init; }

    /// <summary>Whether it runs jobs of users of the system.</summary>
    public bool SystemUsers { get; init; }
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

    /// <summary>How many jobs may wait. What is set for somebody by name comes before what is set for all.</summary>
    /// <param name="usual">For a user when nothing is set; null for any number.</param>
    public long? MaxQueued(QuotaSubject subject, long? usual)
    {
        var (named, all) = subject.IsProject ? (Projects, DefaultProject) : (Users, DefaultUser);

        // Names that come in variables are in lower case.
        var own = named.GetValueOrDefault(subject.Name) ?? named.GetValueOrDefault(subject.Name.ToLowerInvariant());
        return own?.MaxQueuedJobs ?? all.MaxQueuedJobs ?? (subject.IsProject ? null : usual);
    }
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
