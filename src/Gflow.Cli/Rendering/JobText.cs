using System.Globalization;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Cli.Rendering;

/// <summary>The parts of a job as people read them.</summary>
internal static class JobText
{
    /// <summary>What is shown for a state that the API counts as running.</summary>
    internal const string EndingName = "Ending";

    internal const string EndingCode = "EN";

    internal static JobState State(JobView job) => JobStates.TryParse(job.State, out var state) ? state : JobState.Queued;

    internal static string Elapsed(JobView job, DateTimeOffset now) =>
        DurationText.FormatElapsed(job.StartedAt?.ToInstant(), job.FinishedAt?.ToInstant(), now);

    internal static string Limit(JobView job, string none) => job.TimeLimit is { } limit ? DurationText.Format(TimeSpan.FromSeconds(limit.Secs)) : none;

    internal static string Gpus(JobView job) => string.Join(',', job.GpuIds ?? []);

    /// <summary>The GPUs it holds, by their indices in brackets; how many it wants or had otherwise.</summary>
    internal static string GpusHeldOrWanted(JobView job) =>
        State(job) == JobState.Running && job.GpuIds is { Count: > 0 } ? $"[{Gpus(job)}]" : Count(job.Gpus);

    /// <summary>What people call it. Of another user's job whose command is private that is the run name, unless it was given a name.</summary>
    internal static string Name(JobView job) =>
        job is { Name: null, Script: null, Command: null, Hidden.Count: > 0 } ? job.RunName : DisplayNameText.Of(job.Name, job.Script, job.Command);

    /// <returns>Null where it is another user's, and private.</returns>
    internal static string? CommandLine(JobView job) =>
        job is { Script: null, Command: null, Hidden.Count: > 0 } ? null : JobSpec.CommandLineOf(job.Script, job.Arguments, job.Command);

    /// <summary>Whether it is running and told to end.</summary>
    internal static bool IsEnding(JobView job) => job.Reason is { Word: nameof(ReasonKind.Ending) };

    internal static string StateName(JobView job) => IsEnding(job) ? EndingName : State(job).ToString();

    internal static string StateCode(JobView job) => IsEnding(job) ? EndingCode : State(job).Code();

    /// <summary>The short word for why it waits or how it ended; null when there is nothing to say.</summary>
    internal static string? Reason(JobView job)
    {
        if (job.Reason is { } reason)
        {
            return reason.Detail is { } detail ? $"{reason.Word}:{detail}" : Label(reason.Word);
        }

        return State(job) switch
        {
            JobState.Hold => "JobHeldUser",
            JobState.Queued => "Resources",
            _ => null,
        };
    }

    /// <summary>What the last column of lists says: GPUs of what runs, reasons of what waits or was cancelled.</summary>
    internal static string GpusOrReason(JobView job) => State(job) switch
    {
        JobState.Running => Gpus(job),
        JobState.Queued or JobState.Hold or JobState.Cancelled when Reason(job) is { } reason && reason != "-" => $"({reason})",
        _ => "-",
    };

    /// <summary>How a job ended: its state, with code or signal and the reason in brackets.</summary>
    internal static string Ended(JobView job)
    {
        var how = job.Signal is { } signal ? $", {SafeText.Line(signal)}" : job.ExitCode is { } code ? $", exit code {code}" : "";
        return $"{StateName(job)}{how}{(job.ReasonText is { } reason ? $" ({SafeText.Line(reason)})" : "")}";
    }

    internal static string Shown(DateTimeOffset instant, TimeZoneInfo zone) => InstantText.FormatZoned(instant, zone);

    internal static string Count(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Label(string wire) => wire switch
    {
        "WaitingForStartTime" => "BeginTime",
        "WaitingForDependency" => "Dependency",
        "WaitingForResources" or "WaitingForGpu" or "WaitingForMemory" => "Resources",
        "WaitingForQuota" => "Quota",
        "CancelledByUser" => "-",
        _ => wire,
    };
}
