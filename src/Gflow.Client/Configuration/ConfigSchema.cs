namespace Gflow.Client.Configuration;

/// <summary>
/// Every key there is. Reading the environment, refusing unknown keys, suggesting the right ones and checking kinds and
/// ranges all follow this one tree.
/// </summary>
public static class ConfigSchema
{
    /// <summary>Timers take at most 49 days, so no number of seconds may be beyond.</summary>
    private const long MostSeconds = 4_000_000;

    private static readonly IReadOnlyList<ConfigKey> Limits =
    [
        new("max_running_jobs", ConfigKind.Number),
        new("max_running_gpus", ConfigKind.Number),
        new("max_queued_jobs", ConfigKind.Number),
    ];

    private static readonly ConfigKey Name = new("name", ConfigKind.Text)
    {
        Form = "1 to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit",
    };

    private static readonly ConfigKey Events = new("events", ConfigKind.TextList)
    {
        Form = "a list of event names such as [\"job_completed\", \"job_failed\"], or [\"*\"] for all",
    };

    private static readonly ConfigKey FilterUsers = new("filter_users", ConfigKind.TextList)
    {
        Form = "a list of user names such as [\"alice\", \"bob\"]",
    };

    private static readonly ConfigKey Include = new("include", ConfigKind.TextList)
    {
        Form = "[\"command\"], to tell this target the whole command of jobs",
    };

    private static readonly ConfigKey TimeoutSecs = new("timeout_secs", ConfigKind.Number) { Maximum = MostSeconds };

    private static readonly ConfigKey MaxRetries = new("max_retries", ConfigKind.Number) { Maximum = uint.MaxValue };

    private static readonly ConfigKey CaFile = new("ca_file", ConfigKind.Text)
    {
        Form = "the absolute path (or one that begins with ~/) of a file with PEM certificates (-----BEGIN CERTIFICATE-----)",
    };

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

    public static readonly ConfigKey SigningSecret = new("secret", ConfigKind.Secret)
    {
        Secret = true,
        Form = "\"whsec_\" and the base64 of 24 to 64 random bytes, as from: echo whsec_$(openssl rand -base64 32)",
        Children = SecretPlaces,
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

    public static readonly ConfigKey Daemon = new("daemon", ConfigKind.Table)
    {
        Children =
        [
            DaemonHost,
            DaemonPort,
            DaemonSocket,
            DaemonUser,
            new("gpus", ConfigKind.NumberList) { Maximum = int.MaxValue, Later = true },
            new("gpu_allocation_strategy", ConfigKind.Text) { Form = "\"sequential\" or \"random\"", Later = true },
            new("gpu_poll_interval_secs", ConfigKind.Number) { Minimum = 1, Maximum = MostSeconds, Later = true },
            new("simulated_gpus", ConfigKind.Number) { Maximum = 64 },
            new("fair_share", ConfigKind.Table)
            {
                Later = true,
                Children = [new("enabled", ConfigKind.Flag), new("half_life_secs", ConfigKind.Number)],
            },
        ],
    };

    private static readonly ConfigKey Executor = new("executor", ConfigKind.Table)
    {
        Children =
        [
            new("type", ConfigKind.Text) { Form = "\"process\"" },
            new("hide_gpus", ConfigKind.Flag),
            new("python_unbuffered", ConfigKind.Flag),
            new("kill_grace_secs", ConfigKind.Number) { Maximum = 3600 },
        ],
    };

    private static readonly ConfigKey Access = new("access", ConfigKind.Table)
    {
        Children =
        [
            new("admins", ConfigKind.TextList) { Form = "a list of login names such as [\"alice\", \"bob\"]" },
            new("share_commands", ConfigKind.Flag),
            new("share_logs", ConfigKind.Flag),
            new("root_jobs", ConfigKind.Flag),
        ],
    };

    private static readonly ConfigKey Projects = new("projects", ConfigKind.Table)
    {
        Children = [new("known_projects", ConfigKind.TextList), new("require_project", ConfigKind.Flag)],
    };

    private static readonly ConfigKey Quota = new("quota", ConfigKind.Table)
    {
        Later = true,
        Children =
        [
            new("default_user", ConfigKind.Table) { Children = Limits },
            new("default_project", ConfigKind.Table) { Children = Limits },
            new("users", ConfigKind.TableMap) { Children = Limits, Form = "a table for each user, [quota.users.NAME]" },
            new("projects", ConfigKind.TableMap) { Children = Limits, Form = "a table for each project, [quota.projects.NAME]" },
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

    private static readonly ConfigKey Notifications = new("notifications", ConfigKind.Table)
    {
        Children =
        [
            new("enabled", ConfigKind.Flag),
            new("max_concurrent_deliveries", ConfigKind.Number) { Maximum = int.MaxValue },
            new("recipients", ConfigKind.Table)
            {
                Children =
                [
                    new("domain", ConfigKind.Text) { Form = "the domain in which every user has an address, such as \"lab.example.org\"" },
                    new("allow", ConfigKind.TextList) { Form = "a list of addresses such as [\"*@lab.example.org\"], * standing for any characters" },
                    new("per_user_per_hour", ConfigKind.Number) { Maximum = int.MaxValue },
                ],
            },
            new("webhooks", ConfigKind.TableList)
            {
                Secret = true,
                Form = "each webhook as a table of its own, [[notifications.webhooks]]",
                Children =
                [
                    Name,
                    new("url", ConfigKind.SecretUrl)
                    {
                        Required = true,
                        Secret = true,
                        Form = "an absolute URL such as \"https://example.com/hook\" (http or https)",
                        Children = SecretPlaces,
                    },
                    Events,
                    FilterUsers,
                    Include,
                    new("headers", ConfigKind.SecretMap)
                    {
                        Secret = true,
                        Form = "a table of texts such as { Authorization = \"Bearer …\" }",
                        Children = SecretPlaces,
                    },
                    SigningSecret,
                    new("secrets", ConfigKind.SecretList)
                    {
                        Secret = true,
                        Form = "a list, the newest first, such as [{ file = \"/etc/gflow/hook.key\" }, { file = \"/etc/gflow/hook.old\", until = \"2026-12-01\" }], of " + SigningSecret.Form,
                        Children = [.. SecretPlaces, SecretUntil],
                    },
                    new("proxy", ConfigKind.SecretUrl)
                    {
                        Secret = true,
                        Form = "the URL of an HTTP proxy such as \"http://proxy.example.com:3128\", user and password before the host where it wants them",
                        Children = SecretPlaces,
                    },
                    CaFile,
                    TimeoutSecs,
                    MaxRetries,
                ],
            },
            new("emails", ConfigKind.TableList)
            {
                Secret = true,
                Form = "each mail transport as a table of its own, [[notifications.emails]]",
                Children =
                [
                    Name,
                    new("smtp_url", ConfigKind.SecretUrl)
                    {
                        Required = true,
                        Secret = true,
                        Children = SecretPlaces,
                        Form = "smtps://USER:PASSWORD@HOST[:465], smtp://USER:PASSWORD@HOST[:587]?tls=required (or opportunistic) or smtp://HOST[:25]; special characters of user and password as %XX",
                    },
                    new("password", ConfigKind.Secret)
                    {
                        Secret = true,
                        Form = "the password of the user in smtp_url",
                        Children = SecretPlaces,
                    },
                    new("from", ConfigKind.Text) { Required = true, Form = "one mailbox such as \"gflow <noreply@example.com>\"" },
                    new("to", ConfigKind.TextList) { Form = "a list of mailboxes such as [\"ops@example.com\"]" },
                    Events,
                    FilterUsers,
                    Include,
                    new("subject_prefix", ConfigKind.Text),
                    TimeoutSecs,
                    MaxRetries,
                    new("default", ConfigKind.Flag),
                    CaFile,
                    new("allow_cleartext_auth", ConfigKind.Flag),
                ],
            },
        ],
    };

    /// <summary>The whole configuration.</summary>
    public static readonly ConfigKey Root = new("", ConfigKind.Table)
    {
        Children = [Timezone, Daemon, Executor, Access, Projects, Quota, Storage, Notifications],
    };

    /// <summary>Where else in the configuration a key of that name lives; null when nowhere.</summary>
    public static string? PathOf(string name) =>
        Walk(Root, "").FirstOrDefault(found => found.Key.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Path;

    private static IEnumerable<(string Path, ConfigKey Key)> Walk(ConfigKey table, string prefix)
    {
        foreach (var key in table.Children)
        {
            yield return (prefix + key.Name, key);
            if (key.Kind is ConfigKind.Secret or ConfigKind.SecretUrl or ConfigKind.SecretMap or ConfigKind.SecretList)
            {
                // Every secret has the same keys; none of them is the place of a name.
                continue;
            }

            var suffix = key.Kind switch
            {
                ConfigKind.TableMap => ".NAME.",
                ConfigKind.TableList => "[].",
                _ => ".",
            };
            foreach (var below in Walk(key, prefix + key.Name + suffix))
            {
                yield return below;
            }
        }
    }
}
