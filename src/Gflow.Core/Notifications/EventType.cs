namespace Gflow.Core.Notifications;

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
    GpuAvailable,
    ReservationCreated,
    ReservationCancelled,
    SchedulerOnline,
}

public static class EventTypes
{
    public static IReadOnlyList<EventType> All { get; } = Enum.GetValues<EventType>();

    /// <summary>The nine about jobs, which per-job e-mail may name.</summary>
    public static IReadOnlyList<EventType> OfJobs { get; } = [.. All.Where(type => type <= EventType.JobReleased)];

    /// <summary>What per-job e-mail tells when no events are chosen.</summary>
    public static IReadOnlyList<EventType> PerJobDefaults { get; } =
        [EventType.JobCompleted, EventType.JobFailed, EventType.JobTimeout, EventType.JobCancelled];

    private static readonly Dictionary<EventType, string> Names = All.ToDictionary(type => type, type => Snake(type.ToString()));

    private static readonly Dictionary<string, EventType> ByName = Names.ToDictionary(pair => pair.Value, pair => pair.Key);

    public static string WireName(this EventType type) => Names[type];

    /// <summary>Reads a wire name; exact, lower case.</summary>
    public static bool TryParse(string wireName, out EventType type) => ByName.TryGetValue(wireName, out type);

    private static string Snake(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));
}
