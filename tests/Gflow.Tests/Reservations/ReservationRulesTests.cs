using CsCheck;
using Gflow.Core.Events;
using Gflow.Core.Reservations;
using Gflow.Core.Scheduling;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Reservations;

/// <summary>The number before each row is that of the conformance case it belongs to.</summary>
public sealed class ReservationRulesTests
{
    private static readonly Gen<ReservationSpec> Specs =
        from start in Gen.Int[0, 10]
        from length in Gen.Int[1, 6]
        from indices in Gen.Int[0, 4].Array[0, 3]
        from count in Gen.Int[1, 5]
        let until = start + length
        select indices.Length > 0 ? Reserve.These([.. indices.Distinct().Order()], start, until) : Reserve.Any(count, start, until);

    [Theory]
    [InlineData(58, -1, ReservationStatus.Pending)]
    [InlineData(58, 0, ReservationStatus.Pending)]
    [InlineData(58, 1, ReservationStatus.Active)]
    [InlineData(58, 1.999, ReservationStatus.Active)]
    [InlineData(58, 2, ReservationStatus.Completed)]
    [InlineData(58, 9, ReservationStatus.Completed)]
    public void The_status_follows_the_clock_and_a_cancelled_one_stays_cancelled(int conformanceCase, double hours, ReservationStatus status)
    {
        var reservation = new Reservation(new(1), Reserve.Any(1, 1, 2), Draft.Noon);
        Assert.Equal((conformanceCase, status), (conformanceCase, reservation.StatusAt(Reserve.At(hours))));
        Assert.Equal(ReservationStatus.Cancelled, (reservation with { CancelledAt = Draft.Noon }).StatusAt(Reserve.At(hours)));
    }

    [Theory]
    [InlineData(58, 0, 1, false)]
    [InlineData(58, 0, 2, false)]
    [InlineData(58, 0, 3, true)]
    [InlineData(58, 0, 9, true)]
    [InlineData(58, 2, 4, true)]
    [InlineData(58, 2.5, 3.5, true)]
    [InlineData(58, 3, 9, true)]
    [InlineData(58, 4, 9, false)]
    [InlineData(58, 5, 9, false)]
    public void Windows_meet_when_they_share_an_instant(int conformanceCase, double from, double until, bool meet)
    {
        var (window, other) = (Reserve.Any(1, 2, 4), Reserve.Any(1, from, until));
        Assert.Equal((conformanceCase, meet), (conformanceCase, window.Meets(other)));
        Assert.Equal(meet, other.Meets(window));
    }

    public static TheoryData<int, ReservationSpec, ReservationSpec, string?> Pairs => new()
    {
        { 59, Reserve.These([0, 1], 0, 2), Reserve.These([1, 2], 1, 3), "GPU 1 is reserved for alice from 2026-03-01 12:00:00 UTC to 2026-03-01 14:00:00 UTC." },
        { 59, Reserve.These([0, 1], 0, 2), Reserve.These([2, 3], 1, 3), null },
        { 59, Reserve.These([0, 1], 0, 2), Reserve.These([0, 1], 2, 3), null },
        { 59, Reserve.These([0, 1], 0, 2), Reserve.Any(3, 1, 3), "at 2026-03-01 13:00:00 UTC others have 2 of 4 GPUs, which leaves no 3." },
        { 59, Reserve.These([0, 1], 0, 2), Reserve.Any(2, 1, 3), null },
        { 59, Reserve.Any(3, 0, 2), Reserve.These([2, 3], 1, 3), "others have 3 of 4 GPUs, which leaves no 2." },
        { 59, Reserve.Any(3, 0, 2), Reserve.These([3], 1, 3), null },
        { 59, Reserve.Any(3, 1, 2), Reserve.Any(2, 0, 3), "at 2026-03-01 13:00:00 UTC others have 3 of 4 GPUs" },
        { 59, Reserve.Any(2, 1, 2), Reserve.Any(2, 0, 3), null },
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Two_reservations_fit_or_the_reason_is_told(int conformanceCase, ReservationSpec first, ReservationSpec second, string? conflict)
    {
        var rules = Rules(4);
        Assert.True(rules.Create(first, Draft.Alice).Ok);
        var made = rules.Create(second, Draft.Alice);
        Assert.Equal((conformanceCase, conflict is null), (conformanceCase, made.Ok));
        if (conflict is not null)
        {
            Assert.Equal("conflict", made.Problems[0].Code);
            Assert.Contains("conflicts with reservation 1: ", made.Problems[0].Message, StringComparison.Ordinal);
            Assert.Contains(conflict, made.Problems[0].Message, StringComparison.Ordinal);
            Assert.Single(rules.Changes().Events);
        }
    }

    [Fact]
    public void Two_that_never_meet_do_not_add_up()
    {
        var rules = Rules(4);
        Assert.True(rules.Create(Reserve.Any(2, 0, 1), Draft.Alice).Ok);
        Assert.True(rules.Create(Reserve.Any(2, 2, 3), Draft.Alice).Ok);
        Assert.True(rules.Create(Reserve.Any(2, 0, 3), Draft.Alice).Ok);
        Assert.False(rules.Create(Reserve.Any(1, 0.5, 1), Draft.Alice).Ok);
        Assert.True(rules.Create(Reserve.Any(2, 1, 2), Draft.Alice).Ok);
    }

    [Fact]
    public void A_cancelled_one_leaves_its_room_to_others()
    {
        var rules = Rules(4);
        var first = rules.Create(Reserve.These([0, 1, 2, 3], 0, 2), Draft.Alice).Value;
        Assert.False(rules.Create(Reserve.Any(1, 1, 2), Draft.Alice).Ok);
        Assert.True(rules.Cancel(first, Draft.Alice).Ok);
        Assert.True(rules.Create(Reserve.Any(1, 1, 2), Draft.Alice).Ok);
    }

    [Fact]
    public void Whether_one_fits_agrees_with_a_look_at_every_instant() => Gen.Select(Gen.Int[1, 5], Specs.Array[1, 14]).Sample((gpus, asked) =>
    {
        var rules = Rules(gpus);
        var accepted = new List<ReservationSpec>();
        foreach (var spec in asked.Where(spec => Possible(spec, gpus)))
        {
            var fits = Enumerable.Range(0, 17).All(hour => Fit([.. accepted.Append(spec).Where(one => Holds(one, Reserve.At(hour)))], gpus));
            if (rules.Create(spec, Draft.Alice).Ok != fits)
            {
                return false;
            }

            if (fits)
            {
                accepted.Add(spec);
            }
        }

        return true;
    });

    [Theory]
    [InlineData(3, false, "Completed")]
    [InlineData(0, true, "Cancelled")]
    public void What_is_over_cannot_be_cancelled(double hours, bool cancelled, string status)
    {
        var rules = new ReservationRules(ReservationBook.Empty, 4, Reserve.At(hours));
        var refused = rules.Cancel(new Reservation(new(7), Reserve.Any(1, 1, 2), Draft.Noon, cancelled ? Draft.Noon : null), Draft.Alice);
        Assert.Equal(("wrong_state", $"Reservation 7 is {status} and can no longer be cancelled."), (refused.Problems[0].Code, refused.Problems[0].Message));
        Assert.Empty(rules.Changes().Events);
    }

    [Fact]
    public void Each_change_is_one_event_with_the_reservation_as_it_was_then()
    {
        var rules = Rules(4);
        var made = rules.Create(Reserve.Any(1, 0, 2), Draft.Alice).Value;
        rules.Cancel(made, Draft.Alice);

        var changes = rules.Changes();
        Assert.Equal([EventType.ReservationCreated, EventType.ReservationCancelled], changes.Events.Select(happened => happened.Type));
        Assert.Equal(
            [ReservationStatus.Active, ReservationStatus.Cancelled],
            changes.Events.Select(happened => happened.Reservation.StatusAt(happened.At)));
        Assert.Equal(Draft.Noon, Assert.Single(changes.Reservations).CancelledAt);
        Assert.Empty(changes.Book.Live);
    }

    [Fact]
    public void What_is_over_leaves_the_book_and_its_number_is_not_given_again()
    {
        var book = ReservationBook.Of([new Reservation(new(4), Reserve.Any(4, 0, 1), Draft.Noon)], new(6));
        var rules = new ReservationRules(book, 4, Reserve.At(1));
        Assert.Equal(7u, rules.Create(Reserve.Any(4, 1, 2), Draft.Alice).Value.Id.Value);
        Assert.Equal([7u], rules.Changes().Book.Live.Keys.Select(id => id.Value));
    }

    private static ReservationRules Rules(int gpus) => new(ReservationBook.Empty, gpus, Draft.Noon);

    private static bool Possible(ReservationSpec spec, int gpus) =>
        spec.Gpus.Count <= gpus && (spec.Gpus is not ReservedGpus.These these || these.Indices.All(index => index < gpus));

    private static bool Holds(ReservationSpec spec, DateTimeOffset instant) => spec.Start <= instant && instant < spec.End;

    private static bool Fit(IReadOnlyList<ReservationSpec> present, int gpus)
    {
        var indices = present.Select(spec => spec.Gpus).OfType<ReservedGpus.These>().SelectMany(these => these.Indices).ToList();
        var counts = present.Select(spec => spec.Gpus).OfType<ReservedGpus.Any>().Sum(any => any.Number);
        return indices.Distinct().Count() == indices.Count && counts <= gpus - indices.Count;
    }
}
