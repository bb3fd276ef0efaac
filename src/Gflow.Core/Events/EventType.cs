using Gflow.Core.Text;

namespace Gflow.Core.Events;

/// <summary>The public events. Wire names are the snake_case of these names.</summary>
public enum EventType
{
    JobSubmitted,
    JobUpdated,
    JobStarted,
    JobCompleted,
    JobFailed,
    JobCancelled,
    JobTimeout,
    JobHeld,
    JobReleased,

    /// <summary>So many jobs of a group have failed that the rest is not started.</summary>
    GroupStopped,

    /// <summary>The last job of a group is over.</summary>
    GroupCompleted,
    GpuAvailable,
    ReservationCreated,
    ReservationCancelled,
    SchedulerOnline,
    SchedulerOffline,

    // Of notifications themselves: told to other targets than the one that each is about.
    NotificationTargetFailing,
    NotificationTargetRecovered,
    NotificationDead,

    /// <summary>Somebody tries a target; told to that target alone, and nothing that one could subscribe to.</summary>
    NotificationTest,
}

public static class EventTypes
{
    /// <summary>All that targets may subscribe to.</summary>
    public static IReadOnlyList<EventType> All { get; } = [.. Enum.GetValues<EventType>().Where(type => type != EventType.NotificationTest)];

    private static readonly Dictionary<EventType, string> Names = Enum.GetValues<EventType>().ToDictionary(type => type, type => Snake(type.ToString()));

    private static readonly Dictionary<string, EventType> ByName = Names.ToDictionary(pair => pair.Value, pair => pair.Key);

    /// <summary>The nine about jobs.</summary>
    public static IReadOnlyList<EventType> OfJobs { get; } = [.. All.Where(type => type <= EventType.JobReleased)];

    /// <summary>Those about a group of jobs as a whole.</summary>
    public static IReadOnlyList<EventType> OfGroups { get; } = [EventType.GroupStopped, EventType.GroupCompleted];

    /// <summary>Those about notifications themselves. What becomes of telling one is never an event of its own.</summary>
    public static bool IsOfNotifications(this EventType type) => type is EventType.NotificationTargetFailing or EventType.NotificationTargetRecovered or EventType.NotificationDead;

    /// <summary>Those about nobody's job or reservation.</summary>
    public static bool IsOfMachine(this EventType type) => type is EventType.GpuAvailable or EventType.SchedulerOnline or EventType.SchedulerOffline || type.IsOfNotifications();

    /// <summary>What a job's owner may name: these nine, and those about jobs that a later version sends. <c>*</c> stays the nine.</summary>
    public static IReadOnlyList<string> NamesForJobs { get; } =
        [.. OfJobs.Concat(OfGroups).Select(type => type.WireName()), "job_time_warning", "job_retrying"];

    /// <summary>What per-job e-mail tells when no events are chosen.</summary>
    public static IReadOnlyList<EventType> PerJobDefaults { get; } =
        [EventType.JobCompleted, EventType.JobFailed, EventType.JobTimeout, EventType.JobCancelled];

    /// <summary>What mail about an array or a sweep tells when no events are chosen: of failures the first alone, so that nobody gets one for each task.</summary>
    public static IReadOnlyList<EventType> PerGroupDefaults { get; } = [EventType.GroupCompleted, EventType.JobFailed];

    public static string WireName(this EventType type) => Names[type];

    /// <summary>Refuses what is neither an event of jobs nor <c>*</c>, naming those that are.</summary>
    /// <param name="name">Lower case.</param>
    public static Problem? CheckForJobs(string name)
    {
        if (name == "*" || NamesForJobs.Contains(name))
        {
            return null;
        }

        var isOther = ByName.ContainsKey(name);
        var near = isOther ? null : NearestText.Find(name, NamesForJobs);
        return new Problem(
            ProblemCode.UnknownEvent,
            $"\"{name}\" is {(isOther ? "no event of a job" : "not an event of jobs")}: {(near is null ? "" : $"did you mean {near}? ")}the events are {string.Join(", ", NamesForJobs)} and *"
                + (isOther ? "; the other events are told by the targets of the configuration" : ""),
            "notifications.events");
    }

    /// <summary>Reads a wire name; exact, lower case.</summary>
    public static bool TryParse(string wireName, out EventType type) => ByName.TryGetValue(wireName, out type);

    private static string Snake(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));
}
