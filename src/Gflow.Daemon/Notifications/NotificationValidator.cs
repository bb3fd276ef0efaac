using Gflow.Client.Configuration;
using Gflow.Daemon.Configuration.Reading;

namespace Gflow.Daemon.Notifications;

/// <summary>Reads <c>[notifications]</c>.</summary>
/// <param name="kinds">The kinds of targets there are.</param>
internal sealed class NotificationValidator(IReadOnlyList<SinkKind> kinds)
{
    /// <summary>Its keys.</summary>
    public ConfigKey Key { get; } = new("notifications", ConfigKind.Table)
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
            HeartbeatValidator.Key,
            .. kinds.Select(kind => kind.Key),
        ],
    };

    /// <param name="environment">Of the process, for the home directory.</param>
    public NotificationOptions Read(ConfigSection section, IReadOnlyDictionary<string, string> environment)
    {
        var fallback = new NotificationOptions();
        var common = new TargetValidator(environment);
        List<(SinkKind Kind, List<ConfigSection> Tables)> targets = [.. kinds.Select(kind => (kind, section.List(kind.Key.Name).ToList()))];
        targets.ForEach(of => of.Tables.ForEach(common.Reserve));
        targets.ForEach(of => of.Kind.Compare(of.Tables));
        var enabled = section.Flag("enabled") ?? fallback.Enabled;
        if (!enabled && targets.SelectMany(of => of.Tables).FirstOrDefault() is { } first)
        {
            section.Findings.Warnings.Add(new ConfigProblem(
                "questionable_value", first.Origin, section.PathOf("enabled"), "false", "there are targets, but notifications are off and nobody is told anything", "write enabled = true"));
        }

        return new NotificationOptions
        {
            Enabled = enabled,
            MaxConcurrentDeliveries = Concurrency(section) ?? fallback.MaxConcurrentDeliveries,
            Targets = [.. targets.SelectMany(of => of.Tables.Select(table => of.Kind.Read(table, common))).OfType<TargetOptions>()],
            Recipients = RecipientValidator.Read(section.Section("recipients")),
            Heartbeat = HeartbeatValidator.Read(section, enabled),
        };
    }

    private static int? Concurrency(ConfigSection section)
    {
        var written = section.Number("max_concurrent_deliveries");
        if (written == 0)
        {
            section.Warn("max_concurrent_deliveries", section.Whole("max_concurrent_deliveries")!, "nothing could be delivered, so this counts as 1", "write 1 or more; enabled = false turns notifications off");
        }

        return written is { } count ? Math.Max(1, (int)count) : null;
    }
}
