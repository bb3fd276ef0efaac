using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Tests.TestKit;

/// <summary>Jobs as the API shows them, one in each state and some with everything set.</summary>
internal static class SampleJobs
{
    internal static JobView Job(uint id, JobState state, string? name = null) => new()
    {
        Id = id,
        State = state.ToString(),
        Name = name,
        RunName = name is null ? $"gjob-{id}" : $"gjob-{id}-{name}",
        Command = "python train.py",
        RunDir = "/home/dana/x",
        Priority = 10,
        SubmittedBy = "dana",
        AutoCancelOnDependencyFailure = true,
        Attempt = 1,
        SubmittedAt = At(-600),
        StartedAt = state is JobState.Running or JobState.Finished or JobState.Failed or JobState.Timeout ? At(-550) : null,
        FinishedAt = state.IsFinal() ? At(-60) : null,
        GpuIds = state == JobState.Running ? [0] : null,
        Gpus = 1,
        ExitCode = state switch { JobState.Finished => 0, JobState.Failed => 7, _ => null },
        Reason = state switch { JobState.Queued => Reason("\"WaitingForGpu\""), JobState.Cancelled => Reason("\"CancelledByUser\""), _ => null },
    };

    /// <summary>Whatever a list has to cope with.</summary>
    internal static JobView[] All() =>
    [
        Job(31, JobState.Running, "prep") with { GpuIds = [0, 1], Gpus = 2, Alive = true },
        Job(32, JobState.Queued),
        Job(33, JobState.Queued, "eval-of-the-model-that-was-trained-last-night-on-all-of-the-data") with
        {
            DependsOnIds = [31], DependencyMode = "All", Reason = Reason("\"WaitingForDependency\""), ReasonText = "waits for job 31", Project = "vision",
        },
        Job(34, JobState.Hold, "café-模型"),
        Job(35, JobState.Finished) with { TimeLimit = new(7200, 0), Project = "vision" },
        Job(36, JobState.Failed, "bad\e[31m\u202Ename"),
        Job(37, JobState.Cancelled) with { DependsOnIds = [36], Reason = Reason("{\"DependencyFailed\":36}"), ReasonText = "dependency 36 failed" },
        Job(38, JobState.Timeout) with { Signal = "SIGTERM", SubmittedBy = "erik" },
        Job(39, JobState.Running, "👩‍💻 grid ❤️, seed 🇩🇪 ✅") with
        {
            Reason = Reason("\"Ending\""), ReasonText = "Cancelled by dana; waits until its processes are gone (pid 4711)", Script = "/home/dana/grid search.sh", Command = null, Arguments = ["--deep", "a b"],
        },
    ];

    internal static JobView Full() => Job(42, JobState.Running, "train") with
    {
        Script = "/home/dana/train me.sh",
        Command = null,
        Arguments = ["--lr", "0.1", "it's"],
        Gpus = 2,
        GpuIds = [0, 3],
        Priority = 50,
        Project = "vision",
        TimeLimit = new(7200, 0),
        DependsOnIds = [40, 41],
        DependencyMode = "Any",
        RedoneFrom = 12,
        Attempt = 2,
        LogPath = "/data/logs/42.log",
        Notifications = new() { Emails = ["a@x.org", "b@x.org"], Events = ["job_failed"] },
        Parameters = new Dictionary<string, string> { ["lr"] = "0.1" },
    };

    internal static WireReason Reason(string json) => JsonSerializer.Deserialize<WireReason>(json)!;

    internal static WireInstant At(int seconds) => WireInstant.From(CommandRun.Now.AddSeconds(seconds));
}
