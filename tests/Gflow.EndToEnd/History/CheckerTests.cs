using Gflow.Core.Events;

namespace Gflow.EndToEnd.History;

/// <summary>The checker has nothing to say about a good history, and names what is wrong with each broken one.</summary>
public sealed class CheckerTests
{
    [Fact]
    public void A_good_history_has_no_faults() => Assert.Empty(Checker.Faults(Good()));

    [Fact]
    public void An_acknowledged_job_that_is_lost() => Finds(Good() with { Jobs = [] }, "operation 1 was answered with jobs [1], and made []");

    [Fact]
    public void A_job_that_is_there_twice() => Finds(With(history => history.Jobs.Add(new LastState(2, 1, "Finished"))), "operation 1 was answered with jobs [1], and made [1, 2]");

    [Fact]
    public void A_job_that_nobody_asked_for() => Finds(With(history => history.Jobs.Add(new LastState(2, 7, "Finished"))), "nobody asked for job 2");

    [Fact]
    public void A_refused_submission_that_was_done() =>
        Finds(With(history => history.Calls[0] = history.Calls[0] with { Status = 503 }), "operation 1 was refused, and made [1]");

    [Fact]
    public void Half_a_batch_that_was_not_answered() =>
        Finds(With(history => history.Calls[0] = history.Calls[0] with { Status = 0, Jobs = 2 }), "operation 1 was not answered, and made [1] where it asked for 2");

    [Fact]
    public void A_submission_that_was_not_answered_may_have_been_done_once_or_not_at_all()
    {
        Assert.Empty(Checker.Faults(With(history => history.Calls[0] = history.Calls[0] with { Status = 0 })));
        Assert.Empty(Checker.Faults(With(history => history.Calls.Add(Submission(9) with { Status = 0 }))));
    }

    [Fact]
    public void A_submission_that_was_refused_before_it_was_not_answered_may_have_been_done_too() =>
        Assert.Empty(Checker.Faults(With(history =>
        {
            history.Calls[0] = history.Calls[0] with { Status = 503 };
            history.Calls.Add(history.Calls[0] with { Status = 0 });
        })));

    [Fact]
    public void A_repeat_that_is_answered_otherwise() =>
        Finds(With(history => history.Calls.Add(history.Calls[0] with { Answer = 99 })), "operation 1 was answered in two ways");

    [Fact]
    public void A_job_that_is_not_there_after_its_number_was_told() =>
        Finds(With(history => history.Calls.Add(new Call(3, Request.Show, 1, 0, 5, 6, 404, [], 0))), "job 1 was not there for operation 3");

    [Fact]
    public void An_acknowledged_hold_without_its_event() =>
        Finds(With(history => history.Calls.Add(new Call(3, Request.Hold, 1, 0, 5, 6, 200, [], 0))), "job 1 has 0 JobHeld, of which 1 were acknowledged");

    [Fact]
    public void A_cancel_that_nobody_asked_for() => Finds(Good() with { Stream = [new(1, 1, EventType.JobSubmitted), new(2, 1, EventType.JobCancelled)] }, "job 1 has 1 JobCancelled, of which 0 were acknowledged");

    [Fact]
    public void Two_outcomes_of_one_job() =>
        Finds(With(history => history.Stream.Add(new Told(4, 1, EventType.JobFailed))), "job 1 is Finished, and its events (JobSubmitted JobStarted JobCompleted JobFailed) say: Finished, then JobFailed");

    [Fact]
    public void A_job_that_ran_and_has_no_outcome() => Finds(With(history => history.Stream.RemoveAt(2)), "say: Running");

    [Fact]
    public void A_reader_who_missed_an_event() => Finds(With(history => history.Readers["first"].RemoveAt(1)), "reader first got Told { Seq = 3");

    [Fact]
    public void A_reader_who_got_an_event_twice() => Finds(With(history => history.Readers["first"].Insert(1, history.Stream[0])), "reader first got Told { Seq = 1");

    [Fact]
    public void A_reader_who_is_behind() => Finds(With(history => history.Readers["first"].RemoveAt(2)), "reader first got nothing where");

    [Fact]
    public void A_stream_out_of_order() => Finds(With(history => history.Stream.Reverse(1, 2)), "the stream has event 2 after 3");

    [Fact]
    public void A_target_that_was_not_told() => Finds(With(history => history.Targets["hook"].RemoveAt(1)), "hook was never told event 2 of job 1");

    [Fact]
    public void A_target_that_was_not_told_what_it_does_not_want() => Assert.Empty(Checker.Faults(With(history =>
    {
        history.Wanted["hook"] = [EventType.JobSubmitted, EventType.JobCompleted];
        history.Targets["hook"].RemoveAt(1);
        history.Targets["mail"].RemoveAt(1);
        history.Wanted["mail"] = [EventType.JobCompleted];
    })));

    [Fact]
    public void A_target_that_only_refused() => Finds(With(history => history.Targets["hook"][1] = history.Targets["hook"][1] with { Taken = false }), "hook was never told event 2 of job 1");

    [Fact]
    public void A_target_that_was_told_out_of_order() => Finds(With(history => history.Targets["hook"].Reverse(1, 2)), "hook was told event 2 of job 1 after 3");

    [Fact]
    public void A_repeat_as_other_bytes() => Finds(With(history => history.Targets["mail"].Add(new Delivery(11, 0, 99, true))), "mail was told event 1 again as other bytes");

    [Fact]
    public void A_repeat_as_the_same_bytes_is_none() => Assert.Empty(Checker.Faults(With(history => history.Targets["mail"].Add(history.Targets["mail"][0]))));

    [Fact]
    public void An_event_under_a_second_id() => Finds(With(history => history.Targets["hook"].Add(new Delivery(77, 1, 1, true))), "event 1 was told under two ids");

    [Fact]
    public void Something_that_never_happened() => Finds(With(history => history.Targets["mail"].Add(new Delivery(77, 0, 1, true))), "mail was told something that nobody else knows");

    [Fact]
    public void A_target_of_some_times_may_miss_events_but_gets_no_other_order()
    {
        Assert.Empty(Checker.Faults(With(history => history.Sometimes["now and then"] = [Message(1), Message(3)])));
        Finds(With(history => history.Sometimes["now and then"] = [Message(3), Message(1)]), "now and then was told event 1 of job 1 after 3");
    }

    private static void Finds(Chronicle history, string fault) => Assert.Contains(Checker.Faults(history), found => found.Contains(fault, StringComparison.Ordinal));

    private static Chronicle With(Action<Chronicle> change)
    {
        var history = Good();
        change(history);
        return history;
    }

    /// <summary>One job that was submitted, ran and finished, told to everybody.</summary>
    private static Chronicle Good() => new()
    {
        Calls = [Submission(1) with { Ids = [1] }],
        Jobs = [new LastState(1, 1, "Finished")],
        Stream = Life(),
        Readers = { ["first"] = Life() },
        Targets = { ["hook"] = [Message(1), Message(2), Message(3)], ["mail"] = [Message(1) with { Seq = 0 }, Message(2) with { Seq = 0 }, Message(3) with { Seq = 0 }] },
    };

    private static Call Submission(int operation) => new(operation, Request.Submit, 0, 1, 1, 2, 201, [], 5);

    private static Delivery Message(long seq) => new(seq + 10, seq, seq + 20, true);

    private static List<Told> Life() => [new(1, 1, EventType.JobSubmitted), new(2, 1, EventType.JobStarted), new(3, 1, EventType.JobCompleted)];
}
