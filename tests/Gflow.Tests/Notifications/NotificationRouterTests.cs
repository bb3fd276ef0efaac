using Gflow.Core.Events;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Notifications;

public sealed class NotificationRouterTests
{
    private static readonly IReadOnlySet<EventType> Every = EventTypes.All.ToHashSet();
    private static readonly IReadOnlySet<EventType> None = new HashSet<EventType>();

    public static TheoryData<EventType> AllEvents => [.. EventTypes.All];

    [Theory]
    [MemberData(nameof(AllEvents))]
    public void Each_event_reaches_a_webhook_and_a_mailbox_that_want_everything_and_a_jobs_own_recipient_when_it_is_about_a_job(EventType type)
    {
        Subscription[] targets = [Hook("hook"), Mail("mail", Every, to: "ops@x.org")];

        var routed = Route(type, targets, Wish("*", "own@x.org"));

        List<Delivery> expected = [new("hook", null), new("mail", "ops@x.org")];
        if (EventTypes.OfJobs.Contains(type))
        {
            expected.Add(new("mail", "own@x.org"));
        }

        Assert.Equal(expected, routed);
    }

    [Theory]
    [MemberData(nameof(AllEvents))]
    public void A_target_with_a_filter_hears_only_of_its_users_and_never_of_the_machine(EventType type)
    {
        Subscription[] targets =
        [
            Hook("his") with { FilterUsers = new HashSet<string> { "alice" } },
            Hook("others") with { FilterUsers = new HashSet<string> { "bob" } },
        ];

        var routed = Route(type, targets, null, user: "Alice");

        Assert.Equal(type is EventType.GpuAvailable or EventType.SchedulerOnline ? [] : [new Delivery("his", null)], routed);
    }

    [Theory]
    [MemberData(nameof(AllEvents))]
    public void Only_the_events_asked_for_are_sent(EventType type)
    {
        Subscription[] targets =
        [
            Hook("hook") with { Events = new HashSet<EventType> { EventType.JobFailed } },
            Mail("mail", new HashSet<EventType> { EventType.JobTimeout }, to: "ops@x.org"),
        ];

        var routed = Route(type, targets, Wish("job_held", "own@x.org"));

        Assert.Equal(
            type switch
            {
                EventType.JobFailed => [new Delivery("hook", null)],
                EventType.JobTimeout => [new Delivery("mail", "ops@x.org")],
                EventType.JobHeld => [new Delivery("mail", "own@x.org")],
                _ => [],
            },
            routed);
    }

    [Fact]
    public void A_jobs_own_recipients_are_served_once_by_the_first_transport()
    {
        Subscription[] targets = [Mail("first", None), Mail("second", None)];

        Assert.Equal([new Delivery("first", "own@x.org")], Route(EventType.JobFailed, targets, Wish("*", "own@x.org")));
    }

    [Fact]
    public void A_jobs_own_recipients_are_served_by_the_default_transport_wherever_it_stands()
    {
        Subscription[] targets = [Mail("first", None), Mail("second", None) with { Default = true }];

        Assert.Equal([new Delivery("second", "own@x.org")], Route(EventType.JobFailed, targets, Wish("*", "own@x.org")));
    }

    [Fact]
    public void A_transport_whose_filter_excludes_the_submitter_does_not_serve_his_jobs()
    {
        var bobs = new HashSet<string> { "bob" };
        Subscription[] targets = [Mail("first", None) with { FilterUsers = bobs }, Mail("second", None) with { FilterUsers = bobs, Default = true }, Mail("third", None)];

        Assert.Equal([new Delivery("third", "own@x.org")], Route(EventType.JobFailed, targets, Wish("*", "own@x.org")));
        Assert.Empty(Route(EventType.JobFailed, targets[..2], Wish("*", "own@x.org")));
        Assert.Null(NotificationRouter.TransportFor("alice", targets[..2]));
    }

    [Fact]
    public void A_jobs_own_recipients_make_no_webhook_deliveries() =>
        Assert.Empty(Route(EventType.JobFailed, [Hook("hook") with { Events = None }], Wish("*", "own@x.org")));

    [Fact]
    public void The_same_address_gets_one_mail_per_transport_whatever_its_name_and_the_case_of_its_domain()
    {
        Subscription[] targets = [Mail("first", Every, "Ops <o@X.org>"), Mail("second", Every, "o@x.org")];

        var routed = Route(EventType.JobFailed, targets, Wish("*", "o@x.ORG", "O@x.org"));

        // The part before the @ is another mailbox when its case differs.
        Assert.Equal([new("first", "Ops <o@X.org>"), new("first", "O@x.org"), new("second", "o@x.org")], routed);
    }

    private static IReadOnlyList<Delivery> Route(EventType type, Subscription[] targets, NotificationWish? wish, string user = "alice")
    {
        var payload = type switch
        {
            EventType.ReservationCreated or EventType.ReservationCancelled => SamplePayloads.OfReservation(type, user),
            EventType.GpuAvailable or EventType.SchedulerOnline => SamplePayloads.OfMachine(type),
            _ => SamplePayloads.OfJob(type, 12, user),
        };
        return NotificationRouter.Route(payload, type, wish, targets);
    }

    private static NotificationWish Wish(string events, params string[] emails) => new(emails, events.Split(','));

    private static Subscription Hook(string name) => new() { Target = name, Kind = "webhook", Events = Every };

    private static Subscription Mail(string name, IReadOnlySet<EventType> events, params string[] to) =>
        new() { Target = name, Kind = "email", ServesMailboxes = true, Events = events, Recipients = to };
}
