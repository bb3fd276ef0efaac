using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Cli.Rendering;

/// <summary>Everything about one job, as sections of <c>Key=Value</c> lines; what does not apply is left out.</summary>
internal static class JobDetails
{
    internal static void Write(TextWriter writer, JobView job, DateTimeOffset now, TimeZoneInfo zone, Palette palette)
    {
        var state = JobText.State(job);
        writer.WriteLine(palette.Paint("Job Details:", Palette.Heading));
        Field("ID", JobText.Count(job.Id));
        writer.WriteLine($"  State={palette.Paint(state.ToString(), StateStyle.Of(state))} ({state.Code()})");
        Field("Reason", JobText.Reason(job) is { } reason && reason != "-" ? reason : null);
        Field("ReasonText", job.ReasonText);
        Field("ExitCode", job.ExitCode is { } code ? JobText.Count(code) : null);
        Field("Signal", job.Signal);
        Field("Priority", JobText.Count(job.Priority));
        Field("SubmittedBy", job.SubmittedBy);
        Field("Name", job.Name);
        Field("RunName", job.RunName);
        Field("Project", job.Project);
        Field("MaxRetries", job.MaxRetries > 0 ? JobText.Count(job.MaxRetries) : null);
        Field("Attempt", job.Attempt > 0 ? JobText.Count(job.Attempt) : null);
        Field("RedoneFrom", job.RedoneFrom is { } redone ? JobText.Count(redone) : null);
        Field("RetriedFrom", job.RetriedFrom is { } retried ? JobText.Count(retried) : null);
        Field("GroupID", job.GroupId);
        Field("Script", job.Script);
        Field("Arguments", job.Arguments is { Count: > 0 } ? ShellText.Join(job.Arguments) : null);
        Field("Command", job.Command);
        Field("Private", job.Hidden is { Count: > 0 } hidden ? $"{string.Join(", ", hidden)} (shown to {job.SubmittedBy} and administrators)" : null);

        Section("Parameters", [.. job.Parameters.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, (string?)pair.Value))]);
        Section("Resources",
        [
            ("GPUs", JobText.Count(job.Gpus)),
            ("GPUSharing", job.GpuSharingMode.ToLowerInvariant()),
            ("GPUMemoryLimit", job.GpuMemoryLimitMb is { } gpuMemory ? MemoryText.Format(gpuMemory) : null),
            ("GPUIDs", job.GpuIds is { Count: > 0 } ? JobText.Gpus(job) : null),
            ("MemoryLimit", job.MemoryLimitMb is { } memory ? MemoryText.Format(memory) : null),
            ("CondaEnv", job.CondaEnv),
        ]);
        Section("Execution",
        [
            ("WorkingDir", job.RunDir),
            ("LogPath", job.LogPath),
            ("NotifyEmail", job.Notifications?.Emails is { Count: > 0 } emails ? string.Join(',', emails) : null),
            ("NotifyOn", job.Notifications?.Events is { Count: > 0 } events ? string.Join(',', events) : null),
        ]);
        Section("Dependencies", Dependencies(job));
        Section("Timing", Timing(job, now, zone));

        void Field(string name, string? value)
        {
            if (value is not null)
            {
                writer.WriteLine($"  {SafeText.Line(name)}={SafeText.Line(value)}");
            }
        }

        void Section(string title, IReadOnlyList<(string Name, string? Value)> fields)
        {
            if (!fields.Any(field => field.Value is not null))
            {
                return;
            }

            writer.WriteLine();
            writer.WriteLine(palette.Paint($"{title}:", Palette.Heading));
            foreach (var (name, value) in fields)
            {
                Field(name, value);
            }
        }
    }

    private static List<(string Name, string? Value)> Dependencies(JobView job)
    {
        var ids = job.DependsOn is { } single && !job.DependsOnIds.Contains(single) ? [single, .. job.DependsOnIds] : job.DependsOnIds;
        return ids.Count == 0
            ? [("TaskID", job.TaskId is { } task ? JobText.Count(task) : null)]
            :
            [
                ("DependsOn", string.Join(',', ids)),
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
            ("Finished", started is { } start && finished is { } end ? $"{Shown(end)} (runtime {DurationText.Format(end - start)})" : Shown(finished)),
        ];

        string? Shown(DateTimeOffset? instant) => instant is { } value ? JobText.Shown(value, zone) : null;
    }
}
