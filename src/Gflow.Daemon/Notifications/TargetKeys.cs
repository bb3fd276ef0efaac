using Gflow.Client.Configuration;

namespace Gflow.Daemon.Notifications;

/// <summary>The keys that every target has, whatever its kind.</summary>
internal static class TargetKeys
{
    public static readonly ConfigKey Name = new("name", ConfigKind.Text)
    {
        Form = "1 to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit",
    };

    public static readonly ConfigKey Events = new("events", ConfigKind.TextList)
    {
        Form = "a list of event names such as [\"job_completed\", \"job_failed\"], or [\"*\"] for all",
    };

    public static readonly ConfigKey FilterUsers = new("filter_users", ConfigKind.TextList)
    {
        Form = "a list of user names such as [\"alice\", \"bob\"]",
    };

    public static readonly ConfigKey Group = new("group", ConfigKind.Text)
    {
        Form = "\"summary\", to be told of an array's submission, first failure and completion alone, or \"each\"",
    };

    public static readonly ConfigKey Include = new("include", ConfigKind.TextList)
    {
        Form = "[\"command\"], to tell this target the whole command of jobs",
    };

    public static readonly ConfigKey TimeoutSecs = new("timeout_secs", ConfigKind.Number) { Maximum = ConfigSchema.MostSeconds };

    public static readonly ConfigKey MaxRetries = new("max_retries", ConfigKind.Number) { Maximum = uint.MaxValue };

    public static readonly ConfigKey CaFile = new("ca_file", ConfigKind.Text)
    {
        Form = "the absolute path (or one that begins with ~/) of a file with PEM certificates (-----BEGIN CERTIFICATE-----)",
    };
}
