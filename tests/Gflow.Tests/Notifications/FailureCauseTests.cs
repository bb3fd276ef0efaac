using Gflow.Core.Notifications;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Notifications;

public sealed class FailureCauseTests
{
    [Theory]
    [InlineData(126, null, "exit code 126: by the convention of shells, the command was found but could not be executed")]
    [InlineData(127, null, "exit code 127: by the convention of shells, the command or its interpreter was not found")]
    [InlineData(137, null, "exit code 137: by the convention of shells, a command was ended by SIGKILL (killed, by the system or by somebody)")]
    [InlineData(143, null, "exit code 143: by the convention of shells, a command was ended by SIGTERM")]
    [InlineData(null, "SIGSEGV", "SIGSEGV: it touched memory that is not its own")]
    [InlineData(1, null, null)]
    [InlineData(128, null, null)]
    [InlineData(193, null, null)]
    [InlineData(255, null, null)]
    [InlineData(null, "SIGTERM", null)]
    public void A_failed_jobs_end_is_explained_where_there_is_something_to_explain(int? code, string? signal, string? cause)
    {
        var job = SamplePayloads.FailedJob.Job! with { ExitCode = code, Signal = signal };

        Assert.Equal(cause, FailureCause.Of("job_failed", job));
        Assert.Null(FailureCause.Of("job_cancelled", job));
    }

    [Theory]
    [InlineData("02:00:00", "the time limit of 02:00:00 was reached")]
    [InlineData(null, "the time limit was reached")]
    public void A_job_that_timed_out_names_its_limit_and_not_the_signal(string? limit, string cause) =>
        Assert.Equal(cause, FailureCause.Of("job_timeout", SamplePayloads.FailedJob.Job! with { TimeLimit = limit, Signal = "SIGKILL" }));

    [Fact]
    public void The_text_names_the_cause_before_the_commands()
    {
        var payload = SamplePayloads.FailedJob with { Job = SamplePayloads.FailedJob.Job! with { Signal = "SIGBUS" } };

        Assert.Contains(
            "\n\nCause: SIGBUS: it touched memory that is not there\n\nTo go on:\n",
            MailText.Body(MailContent.Of(payload)),
            StringComparison.Ordinal);
    }
}
