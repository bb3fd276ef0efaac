using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Gflow.Core.Events;
using Gflow.Core.Text;
using Gflow.Daemon.Configuration.Reading;

namespace Gflow.Daemon.Notifications;

/// <summary>Reads what all notification targets have in common. Names are unique over all kinds.</summary>
/// <param name="environment">Of the process, for the home directory.</param>
internal sealed partial class TargetValidator(IReadOnlyDictionary<string, string> environment)
{
    private const string EveryEvent = "*";

    private const string Summary = "summary";

    private const string EachJob = "each";

    private readonly HashSet<string> _names = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes the names that were written before any is made up, so that a made-up one never takes a written one's place.</summary>
    public void Reserve(ConfigSection target)
    {
        if (target.Text("name") is not { } written)
        {
            return;
        }

        if (!Name().IsMatch(written.Value))
        {
            target.Wrong("name", written, "this is not the name of a target");
        }
        else if (!_names.Add(written.Value))
        {
            target.Wrong("name", written, "another target has this name", "give each target, webhook or mail, a name of its own");
        }
    }

    /// <summary>Gives a target without a written name its address for one; numbered where two are the same.</summary>
    /// <param name="target">The target's table.</param>
    public T Named<T>(ConfigSection target, T options)
        where T : TargetOptions
    {
        if (target.Text("name") is { } written)
        {
            return options with { Name = written.Value };
        }

        var made = options.Address;
        for (var number = 2; !_names.Add(made); number++)
        {
            made = $"{options.Address}-{number}";
        }

        return options with { Name = made, IsNamed = false };
    }

    public static IReadOnlySet<EventType> Events(ConfigSection target)
    {
        if (target.Texts("events") is not { } written)
        {
            return EventTypes.All.ToHashSet();
        }

        if (written.Count == 0)
        {
            target.Wrong("events", target.Whole("events")!, "an empty list subscribes to nothing", "write [\"*\"] for all events, or name some");
        }

        HashSet<EventType> events = [];
        for (var i = 0; i < written.Count; i++)
        {
            var name = written[i].Value.Trim().ToLowerInvariant();
            if (name == EveryEvent)
            {
                events.UnionWith(EventTypes.All);
            }
            else if (EventTypes.TryParse(name, out var type) && EventTypes.All.Contains(type))
            {
                events.Add(type);
            }
            else
            {
                var names = EventTypes.All.Select(known => known.WireName()).ToArray();
                target.Wrong("events", written[i], "there is no such event", Remedy(name, names), i);
            }
        }

        return events;

        static string Remedy(string name, string[] names) =>
            (NearestText.Find(name, names) is { } near ? $"did you mean {near}? " : "") + $"The events are {string.Join(", ", names)} and *";
    }

    public static IReadOnlySet<string>? FilterUsers(ConfigSection target)
    {
        var users = (target.Texts("filter_users") ?? [])
            .Select(user => user.Value.Trim().ToLowerInvariant())
            .Where(user => user.Length > 0)
            .ToHashSet();
        return users.Count == 0 ? null : users;
    }

    /// <summary>Whether the target is told of groups as a whole.</summary>
    public static bool SumsGroupsUp(ConfigSection target)
    {
        if (target.Text("group") is not { } written)
        {
            return false;
        }

        if (written.Value is not (Summary or EachJob))
        {
            target.Wrong("group", written, "there is no such way to tell of groups", $"write \"{Summary}\" for an array's submission, first failure and completion alone, or \"{EachJob}\" for every job's events");
        }

        return written.Value == Summary;
    }

    public static bool IncludesCommand(ConfigSection target)
    {
        var written = target.Texts("include") ?? [];
        for (var i = 0; i < written.Count; i++)
        {
            if (written[i].Value != "command")
            {
                target.Wrong("include", written[i], "there is no such thing to include", null, i);
            }
        }

        return written.Count > 0;
    }

    public static TimeSpan Timeout(ConfigSection target)
    {
        if (target.Number("timeout_secs") is not { } seconds)
        {
            return TargetOptions.DefaultTimeout;
        }

        if (seconds == 0)
        {
            target.Warn("timeout_secs", target.Whole("timeout_secs")!, "no attempt can end at once, so this counts as 1", "write the seconds an attempt may take");
        }

        return TimeSpan.FromSeconds(Math.Max(1, seconds));
    }

    /// <inheritdoc cref="AuthorityFile.Read"/>
    public IReadOnlyList<X509Certificate2> Authorities(ConfigSection target) => AuthorityFile.Read(target, environment);

    public static uint? MaxRetries(ConfigSection target) => (uint?)target.Number("max_retries");

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex Name();
}
