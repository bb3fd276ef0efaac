using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Reservations;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Engine;

public sealed class ReservationEventTests
{
    [Fact]
    public async Task Making_and_cancelling_are_one_event_each_in_order_with_the_facts_of_that_moment()
    {
        await using var home = await EngineHome.StartAsync();
        var made = await CreateAsync(home, Reserve.Draft() with { User = "bob", GpuCount = null, GpuIndices = [2, 0] });
        home.Time.Advance(TimeSpan.FromMinutes(90));
        Assert.True((await home.Reservations.CancelAsync(made.Id, EngineHome.Patience)).Ok);
        await EngineHome.UntilAsync(() => home.Deliveries.Count == 2);

        Assert.Equal([EventType.ReservationCreated, EventType.ReservationCancelled], home.Deliveries.Select(row => row.Type));
        var created = Payload(home.Deliveries[0]);
        Assert.Equivalent(
            new ReservationFacts
            {
                Id = 1,
                User = "bob",
                GpuCount = 2,
                GpuIndices = [0, 2],
                StartTime = "2026-03-01T13:00:00Z",
                EndTime = "2026-03-01T14:00:00Z",
                Status = "Pending",
                CreatedAt = "2026-03-01T12:00:00Z",
            },
            created.Reservation,
            strict: true);
        Assert.Equal(("bob", null), (created.User, created.Job));
        var cancelled = Payload(home.Deliveries[1]).Reservation!;
        Assert.Equal(("Cancelled", "2026-03-01T13:30:00Z"), (cancelled.Status, cancelled.CancelledAt));
        Assert.Equal(2, home.Count("SELECT count(*) FROM event WHERE user = 'bob' AND job IS NULL AND type LIKE 'reservation_%'"));
        Assert.Equal(2, home.Count("SELECT count(*) FROM delivery WHERE order_key = -1"));
    }

    [Fact]
    public async Task A_reservation_by_number_has_no_indices_and_one_that_begins_now_is_active()
    {
        await using var home = await EngineHome.StartAsync();
        await CreateAsync(home, Reserve.Draft(from: 0) with { GpuCount = 3 });
        await EngineHome.UntilAsync(() => home.Deliveries.Count == 1);

        var facts = Payload(home.Deliveries[0]).Reservation!;
        Assert.Equal((3, "Active"), (facts.GpuCount, facts.Status));
        Assert.Null(facts.GpuIndices);
    }

    [Fact]
    public async Task What_is_refused_is_no_event_and_changes_nothing()
    {
        await using var home = await EngineHome.StartAsync();
        var made = await CreateAsync(home, Reserve.Draft() with { GpuCount = 4 });
        Assert.Equal("conflict", (await home.Reservations.CreateAsync(Reserve.Draft(), EngineHome.Alice, EngineHome.Patience)).Problems[0].Code);
        Assert.Equal("not_found", (await home.Reservations.CancelAsync(new(9), EngineHome.Patience)).Problems[0].Code);
        Assert.True((await home.Reservations.CancelAsync(made.Id, EngineHome.Patience)).Ok);
        Assert.Equal("wrong_state", (await home.Reservations.CancelAsync(made.Id, EngineHome.Patience)).Problems[0].Code);

        Assert.Equal(1, home.Count("SELECT count(*) FROM reservation"));
        Assert.Equal(2, home.Count("SELECT count(*) FROM event"));
    }

    [Fact]
    public async Task Two_cancellations_at_once_are_one_event()
    {
        await using var home = await EngineHome.StartAsync();
        var made = await CreateAsync(home, Reserve.Draft());
        var both = await Task.WhenAll(
            home.Reservations.CancelAsync(made.Id, EngineHome.Patience), home.Reservations.CancelAsync(made.Id, EngineHome.Patience));

        var refused = Assert.Single(both, result => !result.Ok);
        Assert.Equal("Reservation 1 is Cancelled and can no longer be cancelled.", refused.Problems[0].Message);
        Assert.Equal(1, home.Count("SELECT count(*) FROM event WHERE type = 'reservation_cancelled'"));
    }

    [Fact]
    public async Task A_new_daemon_knows_all_reservations_and_gives_no_number_again()
    {
        await using var home = await EngineHome.StartAsync();
        await CreateAsync(home, Reserve.Draft(from: 1, hours: 1) with { GpuCount = 4 });
        await CreateAsync(home, Reserve.Draft(from: 4, hours: 2) with { GpuCount = null, GpuIndices = [1, 3] });
        var last = await CreateAsync(home, Reserve.Draft(from: 8));
        await home.Reservations.CancelAsync(last.Id, EngineHome.Patience);
        home.Time.Advance(TimeSpan.FromHours(3));
        await home.RestartAsync();

        Assert.Equal(3, home.Count("SELECT count(*) FROM delivery WHERE order_key IS NOT NULL AND event <= 3"));
        Assert.Equal([2u], home.Engine.Current.Board.Reservations.Live.Keys.Select(id => id.Value));
        Assert.Equal("conflict", (await home.Reservations.CreateAsync(
            Reserve.Draft(from: 5) with { GpuCount = null, GpuIndices = [3] }, EngineHome.Alice, EngineHome.Patience)).Problems[0].Code);
        Assert.Equal("Reservation 1 is Completed and can no longer be cancelled.", (await home.Reservations.CancelAsync(new(1), EngineHome.Patience)).Problems[0].Message);
        Assert.Equal(4u, (await CreateAsync(home, Reserve.Draft(from: 5) with { GpuCount = 2 })).Id.Value);
    }

    private static async Task<Reservation> CreateAsync(EngineHome home, ReservationDraft draft)
    {
        var made = await home.Reservations.CreateAsync(draft, EngineHome.Alice, EngineHome.Patience);
        Assert.True(made.Ok, string.Join("; ", made.Problems.Select(problem => problem.Message)));
        return made.Value;
    }

    private static NotificationPayload Payload(DeliveryRow row) => JsonSerializer.Deserialize(row.Payload, PayloadJson.Default.NotificationPayload)!;
}
