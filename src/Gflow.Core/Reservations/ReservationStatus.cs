namespace Gflow.Core.Reservations;

/// <summary>How a reservation stands at an instant: never stored, always told from its times.</summary>
public enum ReservationStatus
{
    /// <summary>Its start is still to come.</summary>
    Pending,

    /// <summary>Its start has come, its end has not.</summary>
    Active,

    /// <summary>Its end has come.</summary>
    Completed,
    Cancelled,
}

public static class ReservationStatuses
{
    public static IReadOnlyList<ReservationStatus> All { get; } = Enum.GetValues<ReservationStatus>();

    /// <summary>Reads a name (<c>Active</c>), in any case.</summary>
    /// <returns>The status, or a problem <c>invalid_status</c> that names those there are.</returns>
    public static Result<ReservationStatus> Parse(string text)
    {
        foreach (var status in All)
        {
            if (string.Equals(text, status.ToString(), StringComparison.OrdinalIgnoreCase))
            {
                return status;
            }
        }

        return new Problem(ProblemCode.InvalidStatus, $"\"{text}\" is not a status of reservations; there are {string.Join(", ", All)}", "status");
    }
}
