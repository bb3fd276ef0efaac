using CsCheck;
using Gflow.Core.Notifications;

namespace Gflow.Tests.Notifications;

public sealed class RetryScheduleTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 10, 0, 0, TimeSpan.Zero);
    private static readonly RetryTerms Day = new(null, Now + RetrySchedule.Lifetime);
    private static readonly DeliveryOutcome Busy = new DeliveryOutcome.TryLater("busy", 503);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 4)]
    [InlineData(12, 2048)]
    [InlineData(13, 3600)]
    [InlineData(500, 3600)]
    public void Delays_double_from_a_second_to_an_hour(int attempts, int seconds) =>
        Assert.Equal(new RetryDecision.Again(Now.AddSeconds(seconds)), RetrySchedule.Next(attempts, Busy, Day, Now, 0));

    [Fact]
    public void Jitter_adds_at_most_a_fifth_and_never_takes() =>
        Gen.Select(Gen.Int[1, 100], Gen.Double[0, 1]).Sample((attempts, jitter) =>
        {
            var without = Assert.IsType<RetryDecision.Again>(RetrySchedule.Next(attempts, Busy, Day, Now, 0)).At - Now;
            var with = Assert.IsType<RetryDecision.Again>(RetrySchedule.Next(attempts, Busy, Day, Now, jitter)).At - Now;
            return with >= without && with <= (without * 1.2) + TimeSpan.FromMilliseconds(1);
        });

    [Fact]
    public void No_attempt_comes_before_retry_after_or_beyond_the_deadline() =>
        Gen.Select(Gen.Int[1, 100], Gen.Double[0, 1], Gen.Long[0, 200_000], Gen.Long[0, 100_000]).Sample((attempts, jitter, after, left) =>
        {
            var asked = Now.AddSeconds(after);
            var deadline = Now.AddSeconds(left);
            var decision = RetrySchedule.Next(attempts, new DeliveryOutcome.TryLater("busy", 429, asked), new RetryTerms(null, deadline), Now, jitter);
            return decision switch
            {
                RetryDecision.Again again => again.At >= asked && again.At > Now && again.At <= deadline && again.At.Ticks % TimeSpan.TicksPerMillisecond == 0,
                RetryDecision.Dead => true,
                _ => false,
            };
        });

    [Fact]
    public void A_set_number_of_retries_allows_that_many_and_the_first_attempt() =>
        Gen.Select(Gen.UInt[0, 50], Gen.Int[1, 60]).Sample((retries, attempts) =>
        {
            var decision = RetrySchedule.Next(attempts, Busy, Day with { MaxRetries = retries }, Now, 0);
            return decision is RetryDecision.Again == attempts <= retries;
        });

    [Fact]
    public void Without_a_number_it_is_tried_for_the_whole_day()
    {
        var now = Now;
        var attempts = 1;
        while (RetrySchedule.Next(attempts, Busy, Day, now, 0.5) is RetryDecision.Again again)
        {
            now = again.At;
            attempts++;
        }

        Assert.InRange(now, Now.AddHours(22), Day.Deadline);
    }

    [Fact]
    public void Delivered_is_done_and_a_message_at_fault_is_dead_with_its_reason()
    {
        Assert.IsType<RetryDecision.Done>(RetrySchedule.Next(1, new DeliveryOutcome.Delivered(200), Day, Now, 0));
        Assert.Equal(new RetryDecision.Dead("HTTP 400"), RetrySchedule.Next(1, new DeliveryOutcome.MessageFault("HTTP 400", 400), Day, Now, 0));
    }

    [Fact]
    public void The_end_says_why()
    {
        Assert.Equal(
            new RetryDecision.Dead("busy (given up after 3 attempts)"), RetrySchedule.Next(3, Busy, Day with { MaxRetries = 2 }, Now, 0));
        Assert.Equal(
            new RetryDecision.Dead("busy (deadline passed after 1 attempt)"), RetrySchedule.Next(1, Busy, new RetryTerms(null, Now), Now, 0));
    }
}
