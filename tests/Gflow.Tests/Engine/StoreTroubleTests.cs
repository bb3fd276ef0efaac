using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Jobs;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;
using Microsoft.Data.Sqlite;

namespace Gflow.Tests.Engine;

/// <summary>No room on the disk, a disk that fails, a machine that was restarted.</summary>
public sealed class StoreTroubleTests
{
    private const long Everything = long.MaxValue;

    [Fact]
    public async Task Without_room_no_job_is_taken_or_started_running_ones_go_on_and_all_is_well_again_by_itself()
    {
        await using var home = await EngineHome.StartAsync(gpus: 1);
        var running = await home.SubmitAsync(Taking(1));
        await home.WaitAsync(running.Id, JobState.Running);
        var waiting = await home.SubmitAsync(Taking(1));

        home.Keep(minFreeBytes: Everything);
        var refused = await home.Requests.SubmitAsync([Draft.Command()], EngineHome.Alice, EngineHome.Patience);
        Assert.Equal("disk_low", refused.Problems[0].Code);
        Assert.Contains(home.Paths.Root, refused.Problems[0].Message, StringComparison.Ordinal);
        Assert.Contains("min_free_mb", refused.Problems[0].Message, StringComparison.Ordinal);

        home.Executor.Exit(running.Id.Value, running.Attempt, 0);
        await home.WaitAsync(running.Id, JobState.Finished);
        await home.SettleClockAsync();
        Assert.Equal(JobState.Queued, home.Job(waiting.Id).State);
        Assert.Contains("has room", home.Engine.Current.ReasonOf(home.Job(waiting.Id))?.Text, StringComparison.Ordinal);

        home.Keep(minFreeBytes: 0);
        await home.WaitAsync(waiting.Id, JobState.Running);
        Assert.Empty(home.Engine.Troubles);
        await home.SubmitAsync();
    }

    [Fact]
    public async Task What_does_not_fit_on_the_disk_changes_nothing_and_without_a_restart_all_is_well_when_there_is_room()
    {
        await using var home = await EngineHome.StartAsync();
        await home.FillStoreAsync();
        var large = Draft.Command() with { ScriptContent = [.. Enumerable.Repeat((byte)' ', 200_000)], Command = null, Script = "/large.sh" };
        var refused = await home.Requests.SubmitAsync([large], EngineHome.Alice, EngineHome.Patience);
        Assert.Equal("store_unavailable", refused.Problems[0].Code);
        Assert.Contains("nothing was changed", refused.Problems[0].Message, StringComparison.Ordinal);

        await home.MakeRoomAsync();
        home.Time.Advance(TimeSpan.FromSeconds(1));
        await EngineHome.UntilAsync(() => home.Engine.Troubles.Count == 0);
        Assert.Equal(new JobId(1), (await home.SubmitAsync(large)).Id);
    }

    [Theory]
    [InlineData(13, false)]
    [InlineData(10, true)]
    public async Task Who_uses_a_gpu_is_seen_while_nothing_can_be_stored(int sqliteError, bool isFatal)
    {
        await using var home = await EngineHome.StartAsync(gpus: 2);
        var held = await home.SubmitAsync(Taking(2) with { Hold = true });
        var gpu = home.Engine.Current.Board.Gpus.Slots[1];
        var reading = new EngineReading(batch =>
        {
            batch.Gpus.Read(gpu.Uuid, new GpuReading(batch.Now) { Processes = [new GpuProcess(4411, 1)] });
            batch.Write((_, _) => throw new SqliteException("no room", sqliteError));
        });
        await home.Engine.TellAsync(reading);
        await reading.Done;
        Assert.Equal("unmanaged(pid=4411)", home.Engine.Current.Board.Hindrance(gpu)?.Reason);
        if (!isFatal)
        {
            await home.Engine.AskAsync(JobRequests.Release(held.Id), EngineHome.Alice, EngineHome.Patience);
            await home.SettleClockAsync();
            Assert.Equal(JobState.Queued, home.Job(held.Id).State);
        }
    }

    [Fact]
    public async Task What_could_not_be_stored_spends_no_recipients()
    {
        await using var home = await EngineHome.StartAsync();
        home.Recipients = home.Recipients with { PerUserPerHour = 2 };
        var large = Draft.Command() with
        {
            ScriptContent = [.. Enumerable.Repeat((byte)' ', 200_000)],
            Command = null,
            Script = "/large.sh",
            Notifications = new() { Emails = ["a@x.org", "b@x.org"] },
        };
        await home.FillStoreAsync();
        var refused = await home.Requests.SubmitAsync([large], EngineHome.Alice, EngineHome.Patience);
        Assert.Equal("store_unavailable", refused.Problems[0].Code);

        await home.MakeRoomAsync();
        home.Time.Advance(TimeSpan.FromSeconds(1));
        await EngineHome.UntilAsync(() => home.Engine.Troubles.Count == 0);
        await home.SubmitAsync(large);
        var more = await home.Requests.SubmitAsync([large], EngineHome.Alice, EngineHome.Patience);
        Assert.Equal("too_many_recipients", more.Problems[0].Code);
    }

    [Fact]
    public async Task A_daemon_whose_place_another_has_taken_takes_no_work_and_changes_nothing()
    {
        await using var home = await EngineHome.StartAsync(gpus: 1);
        var job = await home.SubmitAsync(Taking(1));
        await home.WaitAsync(job.Id, JobState.Running);
        home.Executor.Report(new ExecutorReport.Superseded("a daemon with a higher epoch has been here"));
        await EngineHome.UntilAsync(() => home.Engine.Troubles.Count > 0);

        Assert.True(home.Engine.IsReadOnly);
        Assert.Contains("higher epoch", home.Engine.Troubles[0].Message, StringComparison.Ordinal);
        Assert.Equal("superseded", (await home.Requests.SubmitAsync([Draft.Command()], EngineHome.Alice, EngineHome.Patience)).Problems[0].Code);
        Assert.Equal("superseded", (await home.Engine.AskAsync(JobRequests.Cancel(job.Id), EngineHome.Alice, EngineHome.Patience)).Problems[0].Code);
        Assert.Empty(home.Executor.Signals);
        Assert.Equal(JobState.Running, home.Job(job.Id).State);
    }

    [Fact]
    public async Task After_an_error_of_the_disk_nothing_is_acknowledged_until_a_restart_and_what_was_is_there()
    {
        await using var home = await EngineHome.StartAsync(gpus: 1);
        var running = await home.SubmitAsync(Taking(1));
        await home.WaitAsync(running.Id, job => job.Status is JobStatus.Running);

        await home.BreakStoreAsync();
        var hit = await home.Requests.CancelAsync(running.Id, EngineHome.Alice, EngineHome.Patience);
        Assert.Equal("store_failed", hit.Problems[0].Code);
        Assert.Contains("gflowd restart", hit.Problems[0].Message, StringComparison.Ordinal);
        Assert.True(home.Engine.IsReadOnly);

        home.MendStore();
        var later = await home.Requests.SubmitAsync([Draft.Command()], EngineHome.Alice, EngineHome.Patience);
        Assert.Equal("store_failed", later.Problems[0].Code);
        Assert.Equal("store_failed", (await home.Requests.CancelAsync(running.Id, EngineHome.Alice, EngineHome.Patience)).Problems[0].Code);
        Assert.Equal(JobState.Running, home.Job(running.Id).State);
        Assert.Empty(home.Executor.Signals);

        await home.RestartAsync(executor => executor.JobsAtConnect = [new(running.Id.Value, running.Attempt, 1001, Draft.Noon, Ended: false)]);
        Assert.Empty(home.Engine.Troubles);
        Assert.Equal(JobState.Running, home.Job(running.Id).State);
        await home.SubmitAsync();
    }

    [Fact]
    public async Task After_a_restart_of_the_machine_running_jobs_fail_once_and_their_gpus_are_free()
    {
        await using var home = await EngineHome.StartAsync(gpus: 2);
        var jobs = new[] { await home.SubmitAsync(Taking(1)), await home.SubmitAsync(Taking(1)) };
        foreach (var job in jobs)
        {
            await home.WaitAsync(job.Id, running => running.Status is JobStatus.Running);
        }

        var waiting = await home.SubmitAsync(Taking(2));
        await home.RestartAsync(between: writer => (StoreOwner.Read(writer)! with { BootId = "earlier", Stopped = false }).Write(writer, null));
        foreach (var job in jobs)
        {
            var ended = await home.WaitAsync(job.Id, JobState.Failed);
            Assert.Contains("machine restarted", Assert.IsType<JobEnd.Failed>(Assert.IsType<JobStatus.Ended>(ended.Status).End).Reason, StringComparison.Ordinal);
            Assert.Single(home.Events(job.Id), "job_failed");
        }

        await home.WaitAsync(waiting.Id, JobState.Running);
    }

    [Fact]
    public async Task A_process_that_even_SIGKILL_does_not_end_keeps_its_own_gpus_and_heals_when_it_goes()
    {
        await using var home = await EngineHome.StartAsync(gpus: 2);
        var stuck = await home.SubmitAsync(Taking(1));
        await home.WaitAsync(stuck.Id, job => job.Status is JobStatus.Running);
        var pid = Assert.IsType<JobStatus.Running>(home.Job(stuck.Id).Status).Pid;
        await home.Requests.CancelAsync(stuck.Id, EngineHome.Alice, EngineHome.Patience);
        await Until.TrueAsync(() => home.Executor.Signals.Any(signal => signal.Signal == SignalText.Kill), home.Time, TimeSpan.FromSeconds(1));

        Assert.Equal(JobState.Running, home.Job(stuck.Id).State);
        Assert.Contains($"pid {pid}", home.Engine.Current.ReasonOf(home.Job(stuck.Id))?.Text, StringComparison.Ordinal);
        var other = await home.SubmitAsync(Taking(1));
        await home.WaitAsync(other.Id, JobState.Running);
        var third = await home.SubmitAsync(Taking(1));
        await home.SettleClockAsync();
        Assert.Equal(JobState.Queued, home.Job(third.Id).State);

        home.Executor.Kill(stuck.Id.Value, stuck.Attempt, SignalText.Kill);
        await home.WaitAsync(stuck.Id, JobState.Cancelled);
        await home.WaitAsync(third.Id, JobState.Running);
    }

    [Fact]
    public async Task While_it_is_alive_the_daemon_notes_it_once_a_minute()
    {
        await using var home = await EngineHome.StartAsync();
        home.Time.Advance(TimeSpan.FromMinutes(1));
        await EngineHome.UntilAsync(() => home.Owner().SeenAt == Draft.Noon.AddMinutes(1));
    }

    private static SubmissionDraft Taking(int gpus) => Draft.Command() with { Gpus = gpus };
}
