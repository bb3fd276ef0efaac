using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Notifications;

/// <summary>Each event reaches a webhook and a mailbox, once per transition, with the state of that moment.</summary>
public sealed class NineEventsTests(Installation installed)
{
    [Fact]
    public async Task Every_way_through_a_jobs_life_is_told_step_by_step()
    {
        await using var machine = await Machine.StartAsync(installed, gpus: 1);
        var blocker = await machine.SubmitAsync("-g", "1", "sleep 600");
        await machine.RunningAsync(blocker);
        var completed = await machine.SubmitAsync("-g", "1", "true");
        await machine.DoneAsync("gjob", "hold", $"{completed}");
        await machine.DoneAsync("gjob", "update", $"{completed}", "--priority", "50");
        await machine.DoneAsync("gjob", "release", $"{completed}");
        var waiting = await machine.SubmitAsync("-g", "1", "true");
        await machine.DoneAsync("gcancel", $"{waiting}");
        await machine.DoneAsync("gcancel", $"{blocker}");
        await machine.EndedAsync(completed);
        var failed = await machine.SubmitAsync("-g", "1", "exit 7");
        var late = await machine.SubmitAsync("-g", "1", "-t", "0:01", "sleep 600");

        await machine.ToldAsync(blocker, ("job_submitted", "Queued"), ("job_started", "Running"), ("job_cancelled", "Cancelled"));
        await machine.ToldAsync(completed, ("job_submitted", "Queued"), ("job_held", "Hold"), ("job_updated", "Hold"), ("job_released", "Queued"), ("job_started", "Running"), ("job_completed", "Finished"));
        await machine.ToldAsync(waiting, ("job_submitted", "Queued"), ("job_cancelled", "Cancelled"));
        await machine.ToldAsync(failed, ("job_submitted", "Queued"), ("job_started", "Running"), ("job_failed", "Failed"));
        await machine.ToldAsync(late, ("job_submitted", "Queued"), ("job_started", "Running"), ("job_timeout", "Timeout"));
    }

    [Fact]
    public async Task Those_that_depend_on_a_failure_are_cancelled_and_it_is_told()
    {
        await using var machine = await Machine.StartAsync(installed);
        var first = await machine.SubmitAsync("while [ ! -e gate ]; do sleep 0.01; done; exit 1");
        var second = await machine.SubmitAsync("-d", $"{first}", "touch second");
        var third = await machine.SubmitAsync("-d", $"{second}", "touch third");
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "gate"), "", TestContext.Current.CancellationToken);
        await machine.ToldAsync(first, ("job_submitted", "Queued"), ("job_started", "Running"), ("job_failed", "Failed"));
        await machine.ToldAsync(second, ("job_submitted", "Queued"), ("job_cancelled", "Cancelled"));
        await machine.ToldAsync(third, ("job_submitted", "Queued"), ("job_cancelled", "Cancelled"));
        Assert.Contains($"job {first}", (await machine.JobAsync(second)).ReasonText, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(machine.Work, "second")));
    }

    [Theory]
    [InlineData("directory")]
    [InlineData("interpreter")]
    public async Task A_job_that_cannot_be_started_fails_without_a_start_and_says_why(string missing)
    {
        await using var machine = await Machine.StartAsync(installed);
        var gate = await machine.SubmitAsync("while [ ! -e gate ]; do sleep 0.01; done");
        var directory = machine.At("gone");
        Directory.CreateDirectory(directory);
        var script = Path.Combine(directory, "job.sh");
        await File.WriteAllTextAsync(script, missing == "interpreter" ? "#!/no/such/interpreter\n" : "echo hello\n", TestContext.Current.CancellationToken);
        var ran = await machine.RunAsync("sh", "-c", $"cd {directory} && exec gbatch --json -d {gate} job.sh");
        Assert.True(ran.Code == 0, ran.ToString());
        var id = gate + 1;
        if (missing == "directory")
        {
            Directory.Delete(directory, recursive: true);
        }

        await File.WriteAllTextAsync(Path.Combine(machine.Work, "gate"), "", TestContext.Current.CancellationToken);
        await machine.ToldAsync(id, ("job_submitted", "Queued"), ("job_failed", "Failed"));
        var job = await machine.JobAsync(id);
        Assert.Contains(missing == "directory" ? directory : "/no/such/interpreter", job.ReasonText, StringComparison.Ordinal);
        Assert.Null(job.StartedAt);
    }
}
