using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Reservations;

namespace Gflow.Cli.Rendering;

/// <summary>How states look; none for those that need no sign.</summary>
internal static class StateStyle
{
    /// <summary>How a reservation's status looks.</summary>
    internal static string? Of(ReservationStatus status) => status switch
    {
        ReservationStatus.Active => "1;32",
        ReservationStatus.Pending => "3",
        ReservationStatus.Completed => "2",
        ReservationStatus.Cancelled => "9",
        _ => null,
    };

    /// <summary>How the state of a job looks.</summary>
    internal static string? Of(JobView job) => JobText.IsEnding(job) ? "1;33" : Of(JobText.State(job));

    /// <summary>How a state's short code looks.</summary>
    internal static string? Of(JobState state) => state switch
    {
        JobState.Running => "1;32",
        JobState.Finished => "2",
        JobState.Queued => "3",
        JobState.Hold => "1",
        JobState.Failed => "1;31",
        JobState.Timeout => "4",
        JobState.Cancelled => "9",
        _ => null,
    };
}
