using CsCheck;
using Gflow.Core.Notifications;
using static Gflow.Core.Notifications.DeliveryOutcome;

namespace Gflow.Tests.Notifications;

public sealed class TargetHealthTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly DeliveryOutcome Ok = new Delivered(204);
    private static readonly DeliveryOutcome Silent = new TryLater("not done within 10 s");
    private static readonly DeliveryOutcome Busy = new TryLater("HTTP 503", 503);
    private static readonly DeliveryOutcome Refused = new TargetFault("HTTP 401", 401);
    private static readonly DeliveryOutcome Wrong = new MessageFault("HTTP 400", 400);

    [Fact]
    public void A_target_proves_itself_and_then_gets_more_with_each_success()
    {
        var health = TargetHealth.Unproven;
        List<int> windows = [];
        for (var i = 0; i < 5; i++)
        {
            windows.Add(((TargetHealth.Serving)health).Window);
            health = health.After(Ok, false, Noon);
        }

        Assert.Equal([1, 1, 2, 4, 4], windows);
    }

    [Fact]
    public void One_fault_of_the_target_stops_it() =>
        Assert.Equal(new TargetHealth.Stopped(Noon, 0, Noon.AddSeconds(5), "HTTP 401"), Proven().After(Refused, false, Noon));

    [Fact]
    public void Three_attempts_in_a_row_without_an_answer_stop_it_and_an_answer_between_them_does_not()
    {
        var health = Proven().After(Silent, false, Noon).After(Silent, false, Noon);
        Assert.Equal((1, false), (((TargetHealth.Serving)health).Window, health.Answered));
        Assert.IsType<TargetHealth.Stopped>(health.After(Silent, false, Noon));
        Assert.All([Ok, Busy, Wrong], answer => Assert.IsType<TargetHealth.Serving>(health.After(answer, false, Noon).After(Silent, false, Noon).After(Silent, false, Noon)));
    }

    [Fact]
    public void Probes_come_ever_more_rarely_and_attempts_from_before_say_nothing_new()
    {
        var health = Proven().After(Refused, false, Noon);
        List<double> delays = [];
        for (var i = 0; i < 7; i++)
        {
            delays.Add((((TargetHealth.Stopped)health).NextProbe - Noon).TotalSeconds);
            Assert.Same(health, health.After(Silent, false, Noon));
            health = health.After(i % 2 == 0 ? Silent : Refused, true, Noon);
        }

        Assert.Equal([5, 15, 60, 300, 900, 900, 900], delays);
    }

    [Fact]
    public void An_answered_probe_ends_the_stop_whatever_it_says_of_the_message()
    {
        var stopped = Proven().After(Refused, false, Noon);
        Assert.All([Ok, Busy, Wrong], answer => Assert.Equal(1, Assert.IsType<TargetHealth.Serving>(stopped.After(answer, true, Noon)).Window));
    }

    [Fact]
    public void Gone_for_good_is_not_probed_and_no_resume_brings_it_back()
    {
        var gone = Proven().After(new TargetFault("HTTP 410", 410, IsGone: true), false, Noon);
        Assert.Equal(new TargetHealth.Disabled(Noon, "HTTP 410"), gone);
        Assert.Same(gone, gone.Resumed(Noon));
        Assert.Same(gone, gone.After(Ok, false, Noon));
    }

    [Fact]
    public void A_stopped_target_that_somebody_has_seen_to_is_probed_at_once() =>
        Assert.Equal(Noon.AddSeconds(1), ((TargetHealth.Stopped)Proven().After(Refused, false, Noon).Resumed(Noon.AddSeconds(1))).NextProbe);

    [Theory]
    [InlineData(429, 600, 600)]
    [InlineData(503, 600, 600)]
    [InlineData(429, 86_400, 3_600)]
    [InlineData(500, 600, 0)]
    public void A_wish_to_be_left_alone_holds_for_all_that_waits_up_to_an_hour(int status, int asked, int granted)
    {
        var health = (TargetHealth.Serving)Proven().After(new TryLater("later", status, Noon.AddSeconds(asked)), false, Noon);
        Assert.Equal(granted == 0 ? DateTimeOffset.MinValue : Noon.AddSeconds(granted), health.NotBefore);
    }

    [Fact]
    public void A_message_that_could_not_be_rendered_says_nothing_of_the_target() =>
        Assert.All([Proven(), Proven().After(Refused, false, Noon)], health => Assert.Same(health, health.After(new MessageFault("no mailbox"), true, Noon)));

    [Fact]
    public void Whatever_happens_the_window_stays_in_its_bounds_and_stops_have_a_reason_and_an_end()
    {
        DeliveryOutcome[] outcomes = [Ok, Silent, Busy, Refused, Wrong, new TargetFault("HTTP 410", 410, IsGone: true)];
        Gen.Select(Gen.Int[0, outcomes.Length - 1], Gen.Bool, Gen.Int[0, 4000]).Array.Sample(story =>
        {
            var (health, now) = (TargetHealth.Unproven, Noon);
            foreach (var (outcome, isProbe, seconds) in story)
            {
                now = now.AddSeconds(seconds);
                health = health.After(outcomes[outcome], isProbe, now);
                switch (health)
                {
                    case TargetHealth.Serving serving:
                        Assert.InRange(serving.Window, 1, TargetHealth.FullWindow);
                        Assert.InRange(serving.Unanswered, 0, TargetHealth.MostUnanswered - 1);
                        break;
                    case TargetHealth.Stopped stopped:
                        Assert.NotEmpty(stopped.Reason);
                        Assert.InRange(stopped.NextProbe, stopped.Since, now.AddMinutes(15));
                        break;
                }
            }
        });
    }

    private static TargetHealth Proven() => TargetHealth.Unproven.After(Ok, false, Noon).After(Ok, false, Noon).After(Ok, false, Noon);
}
