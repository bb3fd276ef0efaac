using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Reservations;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Reservations;

public sealed class ReservationCheckTests
{
    public static TheoryData<string, ReservationDraft, string, string> Wrong => new()
    {
        { "no user", Reserve.Draft() with { User = " " }, "user", "owner's name" },
        { "a user who commands terminals", Reserve.Draft() with { User = "a\e[1m" }, "user", "printable" },
        { "no GPUs", Reserve.Draft() with { GpuCount = null }, "gpu_count", "either 'gpu_count' or 'gpu_indices'" },
        { "both forms", Reserve.Draft() with { GpuIndices = [0] }, "gpu_count", "either 'gpu_count' or 'gpu_indices'" },
        { "zero GPUs", Reserve.Draft() with { GpuCount = 0 }, "gpu_count", "at least 1" },
        { "fewer than zero", Reserve.Draft() with { GpuCount = -1 }, "gpu_count", "at least 1" },
        { "more than there are", Reserve.Draft() with { GpuCount = 5 }, "gpu_count", "this machine has 4 GPUs" },
        { "no index", Indices(), "gpu_indices", "empty" },
        { "an index that is not there", Indices(0, 4), "gpu_indices", "GPU 4 is out of range" },
        { "an index below zero", Indices(-1), "gpu_indices", "GPU -1 is out of range" },
        { "an index twice", Indices(1, 2, 1), "gpu_indices", "GPU 1 is named twice" },
        { "no start", Reserve.Draft() with { StartTime = null }, "start_time", "must be a point in time" },
        { "a start beyond the calendar", Start(new(long.MaxValue, 0)), "start_time", "must be a point in time" },
        { "a start with too many nanoseconds", Start(new(2_000_000_000, int.MaxValue)), "start_time", "must be a point in time" },
        { "a start that has passed", Start(WireInstant.From(Draft.Noon.AddTicks(-1))), "start_time", "in the past" },
        { "a start in another age", Start(WireInstant.From(Draft.Noon.AddYears(200))), "start_time", "too far away" },
        { "no duration", Reserve.Draft() with { DurationSecs = null }, "duration_secs", "from 1 to" },
        { "a duration of nothing", Reserve.Draft() with { DurationSecs = 0 }, "duration_secs", "from 1 to" },
        { "a duration no clock holds", Reserve.Draft() with { DurationSecs = long.MaxValue }, "duration_secs", "from 1 to" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_named_with_its_field(string what, ReservationDraft draft, string field, string message)
    {
        var problem = Assert.Single(Check(draft).Problems);
        Assert.Equal((what, "invalid", field), (what, problem.Code, problem.Field));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once() =>
        Assert.Equal(["user", "gpu_count", "start_time", "duration_secs"], Check(new ReservationDraft { User = "" }).Problems.Select(problem => problem.Field));

    [Fact]
    public void A_draft_without_a_user_is_the_callers_own() => Assert.Equal("caller", Check(Reserve.Draft() with { User = null }).Value.User);

    [Fact]
    public void Indices_are_sorted() =>
        Assert.Equal([0, 2, 3], Assert.IsType<ReservedGpus.These>(Check(Indices(3, 0, 2)).Value.Gpus).Indices);

    [Fact]
    public void A_start_now_is_not_too_late_and_is_kept_in_milliseconds()
    {
        Assert.Equal(Draft.Noon, Check(Start(WireInstant.From(Draft.Noon))).Value.Start);
        Assert.Equal(Draft.Noon.AddMilliseconds(7), Check(Start(WireInstant.From(Draft.Noon.AddMilliseconds(7).AddTicks(9)))).Value.Start);
    }

    [Fact]
    public void Any_second_will_do() => Assert.Equal(TimeSpan.FromSeconds(1), Check(Reserve.Draft() with { DurationSecs = 1 }).Value.Duration);

    private static Result<ReservationSpec> Check(ReservationDraft draft) => ReservationCheck.Check(draft, "caller", [0, 1, 2, 3], Draft.Noon);

    private static ReservationDraft Indices(params long[] indices) => Reserve.Draft() with { GpuCount = null, GpuIndices = indices };

    private static ReservationDraft Start(WireInstant start) => Reserve.Draft() with { StartTime = start };
}
