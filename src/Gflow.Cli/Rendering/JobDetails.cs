using Gflow.Client.CommandLine;
using Gflow.Core.Arrays;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Cli.Rendering;

/// <summary>Everything about one job, as sections of <c>Key=Value</c> lines; what does not apply is left out.</summary>
internal static class JobDetails
{
    internal static void Write(TextWriter writer, JobView job, DateTimeOffset now, TimeZoneInfo zone, Palette palette, int? width)
    {
        var page = new DetailsPage(writer, palette, width);
        page.Heading("Job Details");
        page.Field("ID", JobText.Count(job.Id));
        page.Field("State", new Cell(JobText.StateName(job), StateStyle.Of(job), $" ({JobText.StateCode(job)})"));
        page.Field("Reason", JobText.Reason(job) is { } reason && reason != "-" ? reason : null);
        page.Field("ReasonText", job.ReasonText);
        page.Field("ExitCode", job.ExitCode is { } code ? JobText.Count(code) : null);
        page.Field("Signal", job.Signal);
        page.Field("Priority", JobText.Count(job.Priority));
        page.Field("SubmittedBy", job.SubmittedBy);
        page.Field("Name", job.Name);
        page.Field("RunName", job.RunName);
        page.Field("Project", job.Project);
        page.Field("MaxRetries", job.MaxRetries > 0 ? JobText.Count(job.MaxRetries) : null);
        page.Field("Attempt", job.Attempt > 0 ? JobText.Count(job.Attempt) : null);
        page.Field("RedoneFrom", job.RedoneFrom is { } redone ? JobText.Count(redone) : null);
        page.Field("RetriedFrom", job.RetriedFrom is { } retried ? JobText.Count(retried) : null);
        page.Field("GroupID", job.GroupId);
        page.Field("Group", job.GroupNumber is { } group ? $"{group}_*{(job.TaskId is { } index ? $" (this is {group}_{index})" : "")}" : null);
        page.Field("MaxConcurrent", job.MaxConcurrent is { } most ? JobText.Count(most) : null);
        page.Field("Script", job.Script);
        page.Field("Arguments", job.Arguments is { Count: > 0 } ? ShellText.Join(job.Arguments) : null);
        if (job.Command is { } command && job.Parameters.Count > 0)
        {
            var filled = Placeholders.InShell(command, job.Parameters);
            page.Field("Command(template)", command);
            page.Field("Command(actual)", filled.Ok ? filled.Value : $"Error: {filled.Problems[0].Message}");
        }
        else
        {
            page.Field("Command", job.Command);
        }

        page.Field("Private", job.Hidden is { Count: > 0 } hidden ? $"{string.Join(", ", hidden)} (shown to {job.SubmittedBy} and administrators)" : null);

        page.Section("Parameters", [.. job.Parameters.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, (string?)pair.Value))]);
        page.Section("Resources",
        [
            ("GPUs", JobText.Count(job.Gpus)),
            ("GPUType", job.GpuType),
            ("GPUMinMemory", job.GpuMinMemoryMb is { } least ? MemoryText.Format(least) : null),
            ("GPUIndex", job.GpuIndices is { Count: > 0 } indices ? string.Join(',', indices) : null),
            ("GPUSharing", job.GpuSharingMode.ToLowerInvariant()),
            ("GPUMemoryLimit", job.GpuMemoryLimitMb is { } gpuMemory ? MemoryText.Format(gpuMemory) : null),
            ("GPUIDs", job.GpuIds is { Count: > 0 } ? JobText.Gpus(job) : null),
            ("MemoryLimit", job.MemoryLimitMb is { } memory ? MemoryText.Format(memory) : null),
            ("CondaEnv", job.CondaEnv),
        ]);
        page.Section("Execution",
        [
            ("WorkingDir", job.RunDir),
            ("LogPath", job.LogPath),
            ("NotifyEmail", job.Notifications?.Emails is { Count: > 0 } emails ? string.Join(',', emails) : null),
            ("NotifyOn", job.Notifications?.Events is { Count: > 0 } events ? string.Join(',', events) : null),
        ]);
        page.Section("Dependencies", Dependencies(job));
        page.Section("Timing", Timing(job, now, zone));
    }

    private static List<(string Name, string? Value)> Dependencies(JobView job)
    {
        var ids = job.DependsOn is { } single && !job.DependsOnIds.Contains(single) ? [single, .. job.DependsOnIds] : job.DependsOnIds;
        return ids.Count == 0 && job.DependsOnGroups is null
            ? [("TaskID", job.TaskId is { } task ? JobText.Count(task) : null)]
            :
            [
                ("DependsOn", string.Join(',', [.. ids.Select(id => JobText.Count(id)), .. (job.DependsOnGroups ?? []).Select(group => $"{group}_*")])),
                ("Mode", job.DependencyMode ?? "All"),
                ("AutoCancel", job.AutoCancelOnDependencyFailure ? "enabled" : "disabled"),
                ("TaskID", job.TaskId is { } taskId ? JobText.Count(taskId) : null),
            ];
    }

    private static List<(string Name, string? Value)> Timing(JobView job, DateTimeOffset now, TimeZoneInfo zone)
    {
        var submitted = job.SubmittedAt?.ToInstant();
        var started = job.StartedAt?.ToInstant();
        var finished = job.FinishedAt?.ToInstant();
        return
        [
            ("TimeLimit", job.TimeLimit is null ? null : JobText.Limit(job, "")),
            ("Submitted", submitted is { } from && started is { } to ? $"{Shown(from)} (waited {DurationText.Format(to - from)})" : Shown(submitted)),
            ("Started", started is { } begun && finished is null ? $"{Shown(begun)} (running {DurationText.Format(now - begun)} so far)" : Shown(started)),
            ("EndingSince", Shown(job.EndingSince?.ToInstant())),
            ("KilledAt", Shown(job.KillAt?.ToInstant())),
            ("Finished", started is { } start && finished is { } end ? $"{Shown(end)} (runtime {DurationText.Format(end - start)})" : Shown(finished)),
        ];

        string? Shown(DateTimeOffset? instant) => instant is { } value ? JobText.Shown(value, zone) : null;
    }
}
