namespace Gflow.Core.Jobs;

/// <summary>What a job is to the outside: the seven states of the wire. The numbers are stored and never change their meaning.</summary>
public enum JobState
{
    Queued = 0,
    Hold = 1,
    Running = 2,
    Finished = 10,
    Failed = 11,
    Cancelled = 12,
    Timeout = 13,
}

public static class JobStates
{
    /// <summary>The order in which people read them.</summary>
    public static IReadOnlyList<JobState> All { get; } =
        [JobState.Queued, JobState.Hold, JobState.Running, JobState.Finished, JobState.Failed, JobState.Cancelled, JobState.Timeout];

    private static readonly Dictionary<string, JobState> Spellings = new(
        All.SelectMany(state => new[] { KeyValuePair.Create(state.ToString(), state), KeyValuePair.Create(state.Code(), state) }), StringComparer.OrdinalIgnoreCase);

    public static bool IsFinal(this JobState state) => state >= JobState.Finished;

    /// <summary>The short code of tables: PD H R CD F CA TO.</summary>
    public static string Code(this JobState state) => state switch
    {
        JobState.Queued => "PD",
        JobState.Hold => "H",
        JobState.Running => "R",
        JobState.Finished => "CD",
        JobState.Failed => "F",
        JobState.Cancelled => "CA",
        JobState.Timeout => "TO",
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    /// <summary>Reads a full name (<c>Running</c>) or a code (<c>R</c>), in any case.</summary>
    public static bool TryParse(string text, out JobState state) => Spellings.TryGetValue(text, out state);
}
