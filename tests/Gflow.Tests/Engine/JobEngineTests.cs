using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Execution;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Engine;

public sealed class JobEngineTests
{
    [Fact]
    public async Task A_job_runs_to_its_end_with_one_event_per_transition()
    {
        await using var home = await EngineHome.StartAsync();
        var job = await home.SubmitAsync(Draft.Command() with { Gpus = 2 });
        await home.WaitAsync(job.Id, running => running.Status is JobStatus.Running);

        Assert.Equal([0, 1], home.Job(job.Id).Status.AssignedGpus!);
        home.Time.Advance(TimeSpan.FromSeconds(5));
        home.Executor.Exit(job.Id.Value, 1, 0);

        var ended = await home.WaitAsync(job.Id, JobState.Finished);
        Assert.Equal(0, ((JobStatus.Ended)ended.Status).End.ExitCode);
        Assert.Equal(["job_submitted", "job_started", "job_completed"], home.Events(job.Id));
        await EngineHome.UntilAsync(() => home.Executor.Acknowledged.Contains((job.Id.Value, 1)));
    }

    [Theory]
    [InlineData(7, null, "Failed")]
    [InlineData(null, 9, "Failed")]
    [InlineData(0, null, "Finished")]
    public async Task The_way_a_process_ends_decides_the_state(int? code, int? signal, string state)
    {
        await using var home = await EngineHome.StartAsync();
        var job = await home.SubmitAsync();
        await home.WaitAsync(job.Id, running => running.Status is JobStatus.Running);

        home.Executor.Report(new ExecutorReport.Exited(job.Id.Value, 1, code, signal, home.Time.GetUtcNow(), ResourceUsage.None, 0, false));

        var ended = await home.WaitAsync(job.Id, over => over.State.IsFinal());
        Assert.Equal(state, ended.State.ToString());
        Assert.Equal((code, signal), (((JobStatus.Ended)ended.Status).End.ExitCode, ((JobStatus.Ended)ended.Status).End.ExitSignal));
    }

    [Fact]
    public async Task An_end_that_overtakes_the_answer_to_its_start_is_kept_until_the_answer_comes()
    {
        await using var home = await EngineHome.StartAsync();
        var answer = new TaskCompletionSource<LaunchOutcome?>();
        home.Executor.OnStart = _ => answer.Task;
        var job = await home.SubmitAsync();
        await EngineHome.UntilAsync(() => !home.Executor.StartRequests.IsEmpty);

        home.Executor.Exit(job.Id.Value, 1, 3);
        var other = await home.SubmitAsync();
        Assert.Equal(JobState.Running, home.Job(job.Id).State);
        answer.SetResult(null);

        await home.WaitAsync(job.Id, JobState.Failed);
        Assert.Equal(["job_submitted", "job_started", "job_failed"], home.Events(job.Id));
        await home.WaitAsync(other.Id, running => running.Status is JobStatus.Running);
    }

    [Fact]
    public async Task A_launch_failure_ends_the_job_without_a_start()
    {
        await using var home = await EngineHome.StartAsync();
        home.Executor.OnStart = _ => Task.FromResult<LaunchOutcome?>(new LaunchOutcome.NotStarted("the working directory /nowhere does not exist"));
        var job = await home.SubmitAsync(Draft.Command() with { Gpus = 4 });

        var ended = await home.WaitAsync(job.Id, JobState.Failed);
        Assert.Equal(["job_submitted", "job_failed"], home.Events(job.Id));
        Assert.Equal("the working directory /nowhere does not exist", home.Engine.Current.ReasonOf(ended)!.Text);
        Assert.Empty(home.Engine.Current.Board.Jobs.Occupied);
    }

    [Fact]
    public async Task Cancelling_a_running_job_ends_it_only_when_its_processes_are_gone()
    {
        await using var home = await EngineHome.StartAsync();
        var job = await home.SubmitAsync(Draft.Command() with { Gpus = 1 });
        await home.WaitAsync(job.Id, running => running.Status is JobStatus.Running);

        Assert.True((await home.Requests.CancelAsync(job.Id, EngineHome.Alice, EngineHome.Patience)).Ok);
        await EngineHome.UntilAsync(() => home.Executor.Signals.Contains((job.Id.Value, 1, 15)));
        Assert.Equal(JobState.Running, home.Job(job.Id).State);
        Assert.Single(home.Engine.Current.Board.Jobs.Occupied);
        Assert.DoesNotContain(home.Executor.Signals, sent => sent.Signal == 9);

        await Until.TrueAsync(() => home.Executor.Signals.Contains((job.Id.Value, 1, 9)), home.Time, TimeSpan.FromSeconds(1));
        await Until.TrueAsync(() => home.Executor.Signals.Count(sent => sent.Signal == 9) >= 2, home.Time, TimeSpan.FromSeconds(1));
        home.Executor.Kill(job.Id.Value, 1, 9);

        await home.WaitAsync(job.Id, JobState.Cancelled);
        Assert.Equal(["job_submitted", "job_started", "job_cancelled"], home.Events(job.Id));
        Assert.Empty(home.Engine.Current.Board.Jobs.Occupied);
    }

    [Fact]
    public async Task A_time_limit_is_exact()
    {
        await using var home = await EngineHome.StartAsync();
        var job = await home.SubmitAsync(Draft.Command() with { TimeLimit = new WireDuration(60, 0) });
        await home.WaitAsync(job.Id, running => running.Status is JobStatus.Running);

        await home.SettleClockAsync();
        home.Time.Advance(TimeSpan.FromSeconds(59.9));
        await home.SubmitAsync();
        await home.SettleClockAsync();
        Assert.Empty(home.Executor.Signals);
        home.Time.Advance(TimeSpan.FromSeconds(0.1));
        await EngineHome.UntilAsync(() => home.Executor.Signals.Contains((job.Id.Value, 1, 15)));
        home.Executor.Kill(job.Id.Value, 1, 15);

        await home.WaitAsync(job.Id, JobState.Timeout);
        Assert.Equal(["job_submitted", "job_started", "job_timeout"], home.Events(job.Id));
    }

    [Fact]
    public async Task A_clock_set_back_gives_a_job_at_most_its_time_limit_once_more()
    {
        await using var home = await EngineHome.StartAsync();
        var job = await home.SubmitAsync(Draft.Command() with { TimeLimit = new WireDuration(60, 0) });
        await home.WaitAsync(job.Id, running => running.Status is JobStatus.Running);

        home.Time.AdjustTime(home.Time.GetUtcNow() - TimeSpan.FromHours(1));
        home.Time.Advance(TimeSpan.FromSeconds(60));
        await home.SettleClockAsync();
        home.Time.Advance(TimeSpan.FromSeconds(60));

        await EngineHome.UntilAsync(() => home.Executor.Signals.Contains((job.Id.Value, 1, 15)));
    }

    [Fact]
    public async Task A_clock_set_back_while_there_is_no_daemon_gives_a_job_at_most_its_time_limit_once_more()
    {
        await using var home = await EngineHome.StartAsync();
        var job = await home.SubmitAsync(Draft.Command() with { TimeLimit = new WireDuration(60, 0) });
        await home.WaitAsync(job.Id, running => running.Status is JobStatus.Running);

        await home.RestartAsync(executor =>
        {
            executor.JobsAtConnect = [new ExecutorJob(job.Id.Value, 1, 77, Draft.Noon, false)];
            home.Time.AdjustTime(home.Time.GetUtcNow() - TimeSpan.FromHours(1));
        });
        await home.SettleClockAsync();
        home.Time.Advance(TimeSpan.FromSeconds(60));

        await EngineHome.UntilAsync(() => home.Executor.Signals.Contains((job.Id.Value, 1, 15)));
    }

    [Fact]
    public async Task Processes_left_behind_keep_the_job_running_until_they_are_gone()
    {
        await using var home = await EngineHome.StartAsync();
        var job = await home.SubmitAsync();
        await home.WaitAsync(job.Id, running => running.Status is JobStatus.Running);

        home.Executor.ExitLeaving(job.Id.Value, 1, 0, remaining: 2);
        await EngineHome.UntilAsync(() => home.Executor.Signals.Contains((job.Id.Value, 1, 15)));
        Assert.Equal(JobState.Running, home.Job(job.Id).State);
        home.Executor.Vanish(job.Id.Value, 1);

        await home.WaitAsync(job.Id, JobState.Finished);
    }

    [Fact]
    public async Task A_restart_finds_everything_again_and_asks_again_for_what_was_cut_short()
    {
        await using var home = await EngineHome.StartAsync(gpus: 1);
        var running = await home.SubmitAsync(Draft.Command() with { Gpus = 1 });
        await home.WaitAsync(running.Id, job => job.Status is JobStatus.Running);
        var waiting = await home.SubmitAsync(Draft.Command() with { Gpus = 1, Priority = 200 });
        home.Executor.OnStart = _ => new TaskCompletionSource<LaunchOutcome?>().Task;
        var starting = await home.SubmitAsync();

        await home.RestartAsync(executor => executor.JobsAtConnect = [new ExecutorJob(running.Id.Value, 1, 77, Draft.Noon, false)]);

        Assert.Equal(JobState.Running, home.Job(running.Id).State);
        Assert.Equal(JobState.Queued, home.Job(waiting.Id).State);
        await home.WaitAsync(starting.Id, job => job.Status is JobStatus.Running);
        home.Executor.Exit(running.Id.Value, 1, 0);
        await home.WaitAsync(waiting.Id, job => job.Status is JobStatus.Running);
        Assert.Equal(new JobId(4), (await home.SubmitAsync()).Id);
    }

    [Fact]
    public async Task A_running_job_the_launcher_does_not_know_has_failed_with_its_code_lost()
    {
        await using var home = await EngineHome.StartAsync();
        var job = await home.SubmitAsync();
        await home.WaitAsync(job.Id, running => running.Status is JobStatus.Running);

        await home.RestartAsync();

        var ended = await home.WaitAsync(job.Id, JobState.Failed);
        Assert.Contains("lost", home.Engine.Current.ReasonOf(ended)!.Text, StringComparison.Ordinal);
        Assert.Equal(["job_submitted", "job_started", "job_failed"], home.Events(job.Id));
    }

    [Fact]
    public async Task A_job_cancelled_while_it_was_being_started_is_not_started_by_the_next_daemon()
    {
        await using var home = await EngineHome.StartAsync();
        home.Executor.OnStart = _ => new TaskCompletionSource<LaunchOutcome?>().Task;
        var job = await home.SubmitAsync();
        await EngineHome.UntilAsync(() => !home.Executor.StartRequests.IsEmpty);
        await home.Requests.CancelAsync(job.Id, EngineHome.Alice, EngineHome.Patience);

        await home.RestartAsync();

        await home.WaitAsync(job.Id, JobState.Cancelled);
        Assert.Empty(home.Executor.StartRequests);
        Assert.Equal(["job_submitted", "job_cancelled"], home.Events(job.Id));
    }

    [Fact]
    public async Task A_limit_that_passed_while_no_daemon_ran_takes_effect_at_its_start()
    {
        await using var home = await EngineHome.StartAsync();
        var job = await home.SubmitAsync(Draft.Command() with { TimeLimit = new WireDuration(60, 0) });
        await home.WaitAsync(job.Id, running => running.Status is JobStatus.Running);

        await home.RestartAsync(executor =>
        {
            home.Time.Advance(TimeSpan.FromHours(1));
            executor.JobsAtConnect = [new ExecutorJob(job.Id.Value, 1, 77, Draft.Noon, false)];
        });

        await EngineHome.UntilAsync(() => home.Executor.Signals.Contains((job.Id.Value, 1, 15)));
    }

    [Fact]
    public async Task Jobs_the_launcher_has_and_the_database_lacks_are_listed_and_left_alone()
    {
        await using var home = await EngineHome.StartAsync();
        await home.RestartAsync(executor => executor.JobsAtConnect = [new ExecutorJob(41, 1, int.MaxValue, Draft.Noon, false)]);

        Assert.Equal(41u, Assert.Single(home.Engine.Current.Board.Gpus.Unknown).Job.Value);
        Assert.Empty(home.Executor.Signals);
        Assert.Equal(new JobId(42), (await home.SubmitAsync()).Id);
    }

    [Fact]
    public async Task Each_event_makes_its_deliveries_in_order_with_the_state_of_its_moment()
    {
        await using var home = await EngineHome.StartAsync();
        var job = await home.SubmitAsync(Draft.Command() with { Name = "train: ümläut" });
        await home.WaitAsync(job.Id, running => running.Status is JobStatus.Running);
        home.Executor.Exit(job.Id.Value, 1, 7);
        await home.WaitAsync(job.Id, JobState.Failed);
        await EngineHome.UntilAsync(() => home.Deliveries.Count == 3);

        var payloads = home.Deliveries.ConvertAll(row => JsonSerializer.Deserialize(row.Payload, PayloadJson.Default.NotificationPayload)!);
        Assert.Equal(["job_submitted", "job_started", "job_failed"], payloads.Select(payload => payload.Event));
        Assert.Equal(["Queued", "Running", "Failed"], payloads.Select(payload => payload.Job!.State));
        Assert.Equal([null, null, 7], payloads.Select(payload => payload.Job!.ExitCode));
        Assert.All(payloads, payload => Assert.Equal("train: ümläut", payload.Job!.Name));
        Assert.Equal(payloads.Select(payload => payload.Sequence).Order(), payloads.Select(payload => payload.Sequence));
    }

    [Fact]
    public async Task Actions_in_the_wrong_state_are_refused_with_the_state_and_change_nothing()
    {
        await using var home = await EngineHome.StartAsync();
        var job = await home.SubmitAsync();
        await home.WaitAsync(job.Id, running => running.Status is JobStatus.Running);
        home.Executor.Exit(job.Id.Value, 1, 0);
        await home.WaitAsync(job.Id, JobState.Finished);

        foreach (var action in new[] { home.Requests.CancelAsync, home.Requests.HoldAsync, home.Requests.ReleaseAsync })
        {
            var refused = await action(job.Id, EngineHome.Alice, EngineHome.Patience);
            Assert.Equal("wrong_state", refused.Problems[0].Code);
            Assert.Contains("Finished", refused.Problems[0].Message, StringComparison.Ordinal);
        }

        Assert.Equal("not_found", (await home.Requests.CancelAsync(new JobId(99), EngineHome.Alice, EngineHome.Patience)).Problems[0].Code);
        Assert.Equal(3, home.Events(job.Id).Count);
    }

    [Fact]
    public async Task A_batch_is_taken_in_whole_or_not_at_all()
    {
        await using var home = await EngineHome.StartAsync();
        SubmissionDraft[] drafts = [Draft.Command(), Draft.Command() with { DependsOnIds = [99] }];

        var refused = await home.Requests.SubmitAsync(drafts, EngineHome.Alice, EngineHome.Patience);

        Assert.Contains("Dependency job 99 does not exist", refused.Problems[0].Message, StringComparison.Ordinal);
        Assert.Equal(new JobId(1), (await home.SubmitAsync()).Id);
    }

    [Fact]
    public async Task A_request_that_meets_a_bug_fails_alone_and_leaves_nothing_behind()
    {
        await using var home = await EngineHome.StartAsync();
        using var reached = new SemaphoreSlim(0);
        using var gate = new ManualResetEventSlim();
        var earlier = home.Engine.AskAsync<int>(
            (_, _) =>
            {
                reached.Release();
                gate.Wait(EngineHome.Patience);
                return 0;
            },
            EngineHome.Alice,
            EngineHome.Patience);
        await reached.WaitAsync(EngineHome.Patience);

        var before = home.SubmitAsync();
        var broken = home.Engine.AskAsync<int>(
            (batch, _) =>
            {
                batch.Rules.Submit(Draft.Job(), EndedDependencies.None);
                throw new InvalidOperationException("a bug");
            },
            EngineHome.Alice,
            EngineHome.Patience);
        var after = home.SubmitAsync();
        gate.Set();

        Assert.Equal("a bug", (await Assert.ThrowsAsync<InvalidOperationException>(() => broken)).Message);
        Assert.Equal((1u, 2u), ((await before).Id.Value, (await after).Id.Value));
        Assert.True((await earlier).Ok);
        Assert.Equal(2, home.Count("SELECT count(*) FROM job"));
    }

    [Fact]
    public async Task A_script_that_is_a_pipe_is_refused_rather_than_waited_for()
    {
        await using var home = await EngineHome.StartAsync();
        var pipe = Path.Combine(home.Paths.Root, "pipe");
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", [pipe]))
        {
            await mkfifo.WaitForExitAsync(EngineHome.Patience);
        }

        var refused = await home.Requests.SubmitAsync([Draft.Command() with { Command = null, Script = pipe }], EngineHome.Alice, EngineHome.Patience);

        Assert.Equal($"The script {pipe} is no regular file.", Assert.Single(refused.Problems).Message);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("true\r\n")]
    public async Task A_path_longer_than_the_system_takes_is_refused(string? content)
    {
        await using var home = await EngineHome.StartAsync();
        var script = Draft.Command() with { Command = null, ScriptContent = content is null ? null : System.Text.Encoding.UTF8.GetBytes(content) };
        var path = $"/{new string('x', 4095)}";

        Assert.Equal(
            "The script's path has 4096 bytes; the system takes at most 4095. Move it.",
            Assert.Single((await home.Requests.SubmitAsync([script with { Script = path }], EngineHome.Alice, EngineHome.Patience)).Problems).Message);
        Assert.Equal(
            "The working directory's path has 4096 bytes; the system takes at most 4095. Work in another one.",
            Assert.Single((await home.Requests.SubmitAsync([Draft.Command() with { RunDir = path }], EngineHome.Alice, EngineHome.Patience)).Problems).Message);
    }

    [Fact]
    public async Task A_redo_repeats_an_ended_job_from_what_was_stored_with_it()
    {
        await using var home = await EngineHome.StartAsync();
        var script = "#!/usr/bin/env python3 -u\nprint(1)\n"u8.ToArray();
        var job = await home.SubmitAsync(new SubmissionDraft
        {
            Script = "/gone/train.py",
            ScriptContent = script,
            Arguments = ["--lr", "1"],
            RunDir = "/tmp",
            Environment = new Dictionary<string, string> { ["KEY"] = "secret value" },
        });
        await home.WaitAsync(job.Id, running => running.Status is JobStatus.Running);
        Assert.False((await home.Requests.RedoAsync(job.Id, new SubmissionDraft(), EngineHome.Alice, EngineHome.Patience)).Ok);
        home.Executor.Exit(job.Id.Value, 1, 1);
        await home.WaitAsync(job.Id, JobState.Failed);

        var again = await home.Requests.RedoAsync(job.Id, new SubmissionDraft { Priority = 99 }, EngineHome.Alice, EngineHome.Patience);

        Assert.Equal(job.Id, again.Value.Spec.RedoneFrom);
        await EngineHome.UntilAsync(() => home.Executor.StartRequests.Count == 2);
        var request = home.Executor.StartRequests.Last();
        Assert.Equal("/usr/bin/env", request.Program);
        Assert.Equal(["python3 -u", "/gone/train.py", "--lr", "1"], request.Arguments);
        Assert.Equal(["python3 -u", home.Paths.ScriptOf(again.Value.Id)], request.Original!.CopyHead);
        Assert.Contains("KEY=secret value", request.Environment);
        Assert.Equal(script, await File.ReadAllBytesAsync(home.Paths.ScriptOf(again.Value.Id), EngineHome.Patience));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(home.Paths.ScriptOf(again.Value.Id)));
    }

    [Fact]
    public async Task Jobs_see_the_gpus_they_were_given_and_none_of_the_daemons_environment()
    {
        await using var home = await EngineHome.StartAsync();
        await home.SubmitAsync(Draft.Command() with { Gpus = 2, Name = "a b", Environment = new Dictionary<string, string> { ["CUDA_VISIBLE_DEVICES"] = "9", ["ROCR_VISIBLE_DEVICES"] = "9" } });
        await home.SubmitAsync(Draft.Command() with { Environment = new Dictionary<string, string> { ["CUDA_VISIBLE_DEVICES"] = "9" } });
        await EngineHome.UntilAsync(() => home.Executor.StartRequests.Count == 2);

        var both = home.Executor.StartRequests.OrderBy(request => request.JobId).ToList();
        Assert.Equal(
            [
                "CUDA_DEVICE_ORDER=PCI_BUS_ID", "CUDA_VISIBLE_DEVICES=0,1", "GFLOW_ARRAY_TASK_ID=0", "GFLOW_JOB_ATTEMPT=1", "GFLOW_JOB_GPUS=0,1", "GFLOW_JOB_ID=1",
                $"GFLOW_JOB_LOG={home.Paths.LogOf(new JobId(1))}", "GFLOW_JOB_NAME=a b", "GFLOW_JOB_PROJECT=", "GFLOW_SCRIPT=",
                "HIP_VISIBLE_DEVICES=0,1", "NVIDIA_VISIBLE_DEVICES=0,1", "PYTHONUNBUFFERED=1",
            ],
            both[0].Environment.Order(StringComparer.Ordinal));
        Assert.Contains("CUDA_VISIBLE_DEVICES=", both[1].Environment);
        Assert.Contains("ROCR_VISIBLE_DEVICES=", both[1].Environment);
    }
}
