using Gflow.Core.Contracts;
using Gflow.Core.Reservations;

namespace Gflow.Tests.TestKit;

/// <summary>Builders of reservations; times are hours from noon.</summary>
internal static class Reserve
{
    public static ReservationDraft Draft(double from = 1, double hours = 1) => new()
    {
        User = "alice",
        GpuCount = 1,
        StartTime = WireInstant.From(At(from)),
        DurationSecs = (long)TimeSpan.FromHours(hours).TotalSeconds,
    };

    public static ReservationSpec Any(int count, double from, double until) => Spec(new ReservedGpus.Any(count), from, until);

    public static ReservationSpec These(int[] indices, double from, double until) => Spec(new ReservedGpus.These(indices), from, until);

    public static DateTimeOffset At(double hours) => TestKit.Draft.Noon.AddHours(hours);

    private static ReservationSpec Spec(ReservedGpus gpus, double from, double until) => new("alice", gpus, At(from), At(until) - At(from));
}
