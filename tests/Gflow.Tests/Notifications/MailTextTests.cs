using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Notifications;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Notifications;

public sealed class MailTextTests
{
    public static TheoryData<string, string> Subjects => new()
    {
        { "job_failed", "[lab] Job failed: job #12 (train.sh)" },
        { "gpu_available", "[lab] Gpu available: GPU 3" },
        { "scheduler_online", "[lab] Scheduler online" },
        { "reservation_created", "[lab] Reservation created: reservation #3" },
    };

    [Theory]
    [MemberData(nameof(Subjects))]
    public void The_subject_says_what_happened_to_what(string name, string subject)
    {
        Assert.Equal(subject, Subject(Sample(name), "[lab]"));
        Assert.Equal(subject["[lab] ".Length..], Subject(Sample(name), " "));
    }

    [Fact]
    public void The_body_of_a_failed_job()
    {
        var payload = SamplePayloads.FailedJob with
        {
            Job = SamplePayloads.FailedJob.Job! with
            {
                ExitCode = 7,
                Attempt = 1,
                TimeLimit = "02:00:00",
                Reason = "SystemError:x",
                ReasonText = "the reason",
            },
        };
        Assert.Equal(
            """
            Event: job_failed
            Time: 2026-03-01T10:00:07Z
            Scheduler: localhost (0.4.17)

            Job ID: 12
            Job Name: train.sh
            User: alice
            State: Failed
            Runtime: 00:14:02
            GPUs: 0
            Submitted At: 2026-03-01T09:45:00Z
            Started At: 2026-03-01T09:46:02Z
            Finished At: 2026-03-01T10:00:04Z
            Reason: SystemError:x
            Details: the reason
            Exit Code: 7
            Attempt: 1
            Time Limit: 02:00:00

            Job 12 (train.sh) of alice failed with exit code 7 at 2026-03-01T10:00:07Z.
            It ran on localhost with GPU 0 for 00:14:02 of at most 02:00:00.

            To go on:
              gjob show 12
              gjob log 12
              gjob redo 12

            """.ReplaceLineEndings("\n"),
            Body(payload));
    }

    [Fact]
    public void The_body_of_a_job_that_never_started_names_no_log_and_no_GPUs()
    {
        var job = SamplePayloads.FailedJob.Job! with { StartedAt = null, FinishedAt = null, Runtime = null, Gpus = [], State = "Queued" };
        Assert.Equal(
            """
            Event: job_submitted
            Time: 2026-03-01T10:00:07Z
            Scheduler: localhost (0.4.17)

            Job ID: 12
            Job Name: train.sh
            User: alice
            State: Queued
            GPUs:
            Submitted At: 2026-03-01T09:45:00Z

            Job 12 (train.sh) of alice was submitted at 2026-03-01T10:00:07Z.

            To go on:
              gjob show 12

            """.ReplaceLineEndings("\n"),
            Body(SamplePayloads.FailedJob with { Event = "job_submitted", Job = job }));
    }

    [Theory]
    [InlineData("job_started", null, null, false, "Job 12 (train.sh) of alice started at 2026-03-01T10:00:07Z.\nIt runs on localhost with GPUs 0, 2, without a time limit.\n")]
    [InlineData("job_completed", 0, null, true, "Job 12 (train.sh) of alice completed with exit code 0 at 2026-03-01T10:00:07Z.\nIt ran on localhost with GPUs 0, 2 for 00:14:02, without a time limit.\n")]
    [InlineData("job_failed", null, "SIGSEGV", true, "failed with signal SIGSEGV at ")]
    [InlineData("job_timeout", null, "SIGTERM", true, "was ended at its time limit with signal SIGTERM at ")]
    [InlineData("job_cancelled", 143, null, true, "was cancelled with exit code 143 at ")]
    public void The_end_of_the_body_says_in_sentences_what_happened(string name, int? code, string? signal, bool over, string says)
    {
        var facts = SamplePayloads.FailedJob.Job!;
        var job = facts with { ExitCode = code, Signal = signal, Gpus = [0, 2], FinishedAt = over ? facts.FinishedAt : null };

        Assert.Contains(says, Body(SamplePayloads.FailedJob with { Event = name, Job = job }));
    }

    [Theory]
    [InlineData("job_failed", "To go on:\n  gjob show 12\n  gjob log 12\n  gjob redo 12\n")]
    [InlineData("job_completed", "To go on:\n  gjob show 12\n  gjob log 12\n")]
    [InlineData("job_held", "To go on:\n  gjob show 12\n  gjob log 12\n  gjob release 12\n")]
    public void The_body_ends_with_the_commands_to_go_on_with(string name, string says) =>
        Assert.EndsWith(says, Body(SamplePayloads.FailedJob with { Event = name }));

    [Fact]
    public void The_bodies_of_events_of_the_machine()
    {
        Assert.EndsWith("\n\nGPU Index: 3\nAvailable: true\n", Body(Sample("gpu_available")));
        Assert.EndsWith("\n\ngflow scheduler online\nHost: h\n", Body(Sample("scheduler_online")));
        Assert.Contains(
            "\n\nReservation ID: 3\nUser: bob\nGPU Count: 2\nGPU Indices: 0, 1\nStart Time: a\nEnd Time: b\nStatus: Pending\nCreated At: c\n",
            Body(Sample("reservation_created")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_reservations_mail_ends_in_sentences_and_with_its_commands_too()
    {
        var made = Sample("reservation_created");
        var reservation = made.Reservation!;

        Assert.EndsWith(
            "\nReservation 3 of bob was made at 2026-03-01T10:00:07Z.\nIt is for GPUs 0, 1 from a to b.\n\nTo go on:\n  gctl reserve get 3\n  gctl reserve cancel 3\n",
            Body(made));
        Assert.EndsWith(
            " was cancelled at 2026-03-01T10:00:07Z.\nIt was for 2 GPUs from a to b.\n\nTo go on:\n  gctl reserve get 3\n",
            Body(made with { Event = "reservation_cancelled", Reservation = reservation with { GpuIndices = null, CancelledAt = "d" } }));
    }

    [Theory]
    [InlineData("a\r\nBcc: evil@x.org")]
    [InlineData("a\nState: Finished")]
    [InlineData("a\u2028b")]
    [InlineData("a\u0000\u001b[2Jb")]
    [InlineData("a\u0085b\u202eb")]
    [InlineData("a\u061cb\u200fb\u2069b\U000E0041")]
    public void Names_cannot_start_a_line(string name)
    {
        var payload = SamplePayloads.FailedJob with { Job = SamplePayloads.FailedJob.Job! with { Name = name } };

        var subject = Subject(payload, "[x]\r\nTo: evil@x.org");
        var body = Body(payload);

        Assert.DoesNotContain(subject, c => char.IsControl(c) || c is '\u2028' or '\u202e' or '\u061c' or '\u200f' or '\u2069' or '\udb40');
        Assert.DoesNotContain(body, c => (char.IsControl(c) && c != '\n') || c is '\u2028' or '\u202e' or '\u061c' or '\u200f' or '\u2069' or '\udb40');
        Assert.Equal(Body(SamplePayloads.FailedJob).Count(c => c == '\n'), body.Count(c => c == '\n'));
    }

    [Fact]
    public void A_long_name_is_cut_in_the_subject_and_whole_in_the_body()
    {
        var name = new string('x', 10_000);
        var payload = SamplePayloads.FailedJob with { Job = SamplePayloads.FailedJob.Job! with { Name = name } };

        Assert.Equal($"Job failed: job #12 ({new string('x', LineText.LongestName - 1)}…)", Subject(payload, null));
        Assert.Contains($"Job Name: {name}\n", Body(payload));
    }

    private static string Subject(NotificationPayload payload, string? prefix) => MailText.Subject(MailContent.Of(payload), prefix);

    private static string Body(NotificationPayload payload) => MailText.Body(MailContent.Of(payload));

    private static NotificationPayload Sample(string name) => name switch
    {
        "job_failed" => SamplePayloads.FailedJob,
        "gpu_available" => SamplePayloads.OfMachine(EventType.GpuAvailable),
        "scheduler_online" => SamplePayloads.OfMachine(EventType.SchedulerOnline) with { Text = "gflow scheduler online\nHost: h" },
        _ => SamplePayloads.OfMachine(EventType.ReservationCreated) with
        {
            Reservation = new ReservationFacts
            {
                Id = 3,
                User = "bob",
                GpuCount = 2,
                GpuIndices = [0, 1],
                StartTime = "a",
                EndTime = "b",
                Status = "Pending",
                CreatedAt = "c",
            },
        },
    };
}
