namespace Gflow.Client.Configuration;

/// <summary>The keys by which a daemon is found, and what keys are made of. Reading the environment, refusing unknown keys and checking kinds and ranges all follow such a tree.</summary>
public static class ConfigSchema
{
    /// <summary>Timers take at most 49 days, so no number of seconds may be beyond.</summary>
    public const long MostSeconds = 4_000_000;

    /// <summary>Where a secret may be found instead of being written into the file; each names one place.</summary>
    public static readonly IReadOnlyList<ConfigKey> SecretPlaces =
    [
        new("file", ConfigKind.Text) { Form = "an absolute path, or one that begins with ~/" },
        new("env", ConfigKind.Text) { Form = "the name of an environment variable of the daemon" },
        new("credential", ConfigKind.Text) { Form = "the name of a systemd credential, as in LoadCredential=NAME:PATH" },
    ];

    public static readonly ConfigKey SecretUntil = new("until", ConfigKind.Text)
    {
        Form = "a date such as \"2026-12-01\" or an instant such as \"2026-12-01T12:00:00Z\", in quotes",
    };

    public static readonly ConfigKey Timezone = new("timezone", ConfigKind.Text)
    {
        Form = "the name of a time zone such as \"Europe/Berlin\", or leave the key out for this machine's own",
    };

    public static readonly ConfigKey DaemonHost = new("host", ConfigKind.Text)
    {
        Form = "a host name or address such as \"localhost\", \"127.0.0.1\" or \"::1\", without scheme and port",
    };

    public static readonly ConfigKey DaemonPort = new("port", ConfigKind.Number) { Maximum = 65_535 };

    public static readonly ConfigKey DaemonSocket = new("socket", ConfigKind.Text)
    {
        Form = "an absolute path (or one that begins with ~/) of at most 107 bytes",
    };

    public static readonly ConfigKey DaemonUser = new("user", ConfigKind.Text)
    {
        Form = "the name of a user of this machine such as \"gflow\"",
    };

    /// <summary>The most GPUs that can be simulated.</summary>
    public const int MostSimulatedGpus = 64;

    public static readonly ConfigKey SimulatedGpus = new("simulated_gpus", ConfigKind.NumberOrTableList)
    {
        Maximum = MostSimulatedGpus,
        Form = $"a number of GPUs from 0 to {MostSimulatedGpus}, or a list of cards such as [{{ model = \"a100\", memory = \"80G\", count = 2 }}]",
        Children =
        [
            new("model", ConfigKind.Text) { Form = "a model in quotes such as \"a100\"" },
            new("memory", ConfigKind.Text) { Form = "an amount of memory in quotes such as \"80G\"" },
            new("count", ConfigKind.Number) { Minimum = 1, Maximum = MostSimulatedGpus },
        ],
    };

    public static readonly ConfigKey Daemon = new("daemon", ConfigKind.Table)
    {
        Children =
        [
            DaemonHost,
            DaemonPort,
            DaemonSocket,
            DaemonUser,
            new("gpus", ConfigKind.NumberList) { Maximum = int.MaxValue },
            new("gpu_order", ConfigKind.NumberList) { Maximum = int.MaxValue },
            new("gpu_allocation_strategy", ConfigKind.Text) { Form = "\"sequential\" or \"random\"" },
            new("gpu_poll_interval_secs", ConfigKind.Number) { Minimum = 1, Maximum = MostSeconds },
            new("gpu_ignore", ConfigKind.TextList) { Form = "a list of absolute paths of programs such as [\"/usr/bin/nvidia-cuda-mps-server\"]" },
            new("gpu_memory_floor_mb", ConfigKind.Number) { Maximum = 1L << 40 },
            SimulatedGpus,
            new("fair_share", ConfigKind.Table)
            {
                Later = true,
                Children = [new("enabled", ConfigKind.Flag), new("half_life_secs", ConfigKind.Number)],
            },
        ],
    };

    public static readonly ConfigKey StoragePath = new("path", ConfigKind.Text) { Form = "an absolute path, or one that begins with ~/" };

    public static readonly ConfigKey Storage = new("storage", ConfigKind.Table)
    {
        Children =
        [
            StoragePath,
            new("job_retention", ConfigKind.Text) { Form = "a period such as \"365d\", \"12w\" or \"48h\", or \"forever\"" },
            new("event_retention", ConfigKind.Text) { Form = "a period such as \"90d\", \"12w\" or \"48h\", or \"forever\"" },
            new("log_max_mb", ConfigKind.Number) { Maximum = 1L << 40 },
            new("min_free_mb", ConfigKind.Number) { Maximum = 1L << 40 },
            new("outbox_max_mb", ConfigKind.Number) { Minimum = 1, Maximum = 1L << 40 },
        ],
    };

    /// <summary>What clients know; a daemon has more (its own keys, and those of each kind of target).</summary>
    public static readonly ConfigKey Root = new("", ConfigKind.Table) { Children = [Timezone, Daemon, Storage] };
}
