using Gflow.Client.Configuration;
using Gflow.Core.Text;
using Gflow.Daemon.Configuration.Reading;

namespace Gflow.Daemon.Notifications;

/// <summary>Reads <c>heartbeat</c> of <c>[notifications]</c>.</summary>
internal static class HeartbeatValidator
{
    private const string Address = "url";
    private const string Every = "every";

    private static readonly TimeSpan Usual = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public static ConfigKey Key { get; } = new("heartbeat", ConfigKind.Table)
    {
        Secret = true,
        Form = "a table such as { url = \"https://hc.example.com/ping/…\", every = \"60s\" }",
        Children =
        [
            new(Address, ConfigKind.SecretUrl)
            {
                Required = true,
                Secret = true,
                Form = "an absolute URL such as \"https://hc.example.com/ping/…\" (http or https)",
                Children = ConfigSchema.SecretPlaces,
            },
            new(Every, ConfigKind.Text) { Form = "a period from \"1s\" to \"24h\"" },
        ],
    };

    /// <param name="enabled">Whether notifications are on.</param>
    public static HeartbeatOptions? Read(ConfigSection notifications, bool enabled)
    {
        if (notifications.Whole(Key.Name) is not { } written)
        {
            return null;
        }

        if (!enabled)
        {
            notifications.Warn(Key.Name, written, "notifications are off, and so is the heartbeat", "write enabled = true");
        }

        var section = notifications.Section(Key.Name);
        var url = HttpUrl.Read(section, Address);
        var period = Period(section);
        return url is null || period is null ? null : new HeartbeatOptions(url, period.Value);
    }

    private static TimeSpan? Period(ConfigSection section)
    {
        if (section.Text(Every) is not { } written)
        {
            return Usual;
        }

        var period = DurationText.ParsePeriod(written.Value);
        if (period.Ok && period.Value >= Shortest && period.Value <= Longest)
        {
            return period.Value;
        }

        section.Wrong(Every, written, period.Ok ? "a heartbeat comes at most once a second and at least once a day" : "this is not a period");
        return null;
    }
}
