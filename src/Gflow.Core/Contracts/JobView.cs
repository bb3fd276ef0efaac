using System.Collections.ObjectModel;
using System.Text.Json.Serialization;
using Gflow.Core.Access;
using Gflow.Core.Jobs;

namespace Gflow.Core.Contracts;

/// <summary>Whom the owner wants told, on the wire.</summary>
public sealed record WireNotifications
{
    public IReadOnlyList<string>? Emails { get; init; }

    public IReadOnlyList<string>? Events { get; init; }

    /// <summary>In a submission: also the submitter's own address, at the configured domain. Stored and shown as that address.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Me { get; init; }

    /// <summary>These laid over what a job has: what they leave out stays as it is.</summary>
    public WireNotifications Over(NotificationWish? before) => this with
    {
        Emails = Emails ?? (Me == true ? null : before?.Emails),
        Events = Events ?? (before is { FirstFailureOnly: false } ? before.Events : null),
    };
}

/// <summary>A job as the API shows it. Unset values are written as <c>null</c>, except <c>alive</c>, <c>notifications</c>, <c>ending_since</c>, <c>kill_at</c> and <c>hidden</c>, which are left out.</summary>
/// <remarks>Its properties can be set, as those that can only be initialised are read by way of a list of boxed arguments, which takes a third of the time of a long list.</remarks>
public sealed record JobView
{
    public uint Id { get; set; }

    public string? Script { get; set; }

    public string? Command { get; set; }

    public IReadOnlyList<string> Arguments { get; set; } = [];

    public int Gpus { get; set; }

    /// <summary>A part of the model's name; left out for any.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? GpuType { get; set; }

    /// <summary>The least memory of each GPU; left out for any.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? GpuMinMemoryMb { get; set; }

    /// <summary>Only of these; left out for any.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? GpuIndices { get; set; }

    public string? CondaEnv { get; set; }

    [JsonConverter(typeof(RepeatedTextConverter))]
    public string? RunDir { get; set; } = ".";

    public int Priority { get; set; }

    /// <summary>The single dependency of older clients, when there is exactly one.</summary>
    public uint? DependsOn { get; set; }

    public IReadOnlyList<uint> DependsOnIds { get; set; } = [];

    /// <summary>Numbers of groups for whose jobs it waits; left out for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<uint>? DependsOnGroups { get; set; }

    /// <summary><c>All</c>, <c>Any</c> or null without dependencies.</summary>
    public string? DependencyMode { get; set; }

    public bool AutoCancelOnDependencyFailure { get; set; }

    public uint? TaskId { get; set; }

    [JsonConverter(typeof(RepeatedTextConverter))]
    public string GpuSharingMode { get; set; } = "Exclusive";

    public long? GpuMemoryLimitMb { get; set; }

    public WireDuration? TimeLimit { get; set; }

    public long? MemoryLimitMb { get; set; }

    [JsonConverter(typeof(RepeatedTextConverter))]
    public string SubmittedBy { get; set; } = "";

    public uint? RedoneFrom { get; set; }

    public uint? RetriedFrom { get; set; }

    public int MaxRetries { get; set; }

    public bool AutoCloseTmux { get; set; }

    public IReadOnlyDictionary<string, string> Parameters { get; set; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>A UUID; null for a job on its own.</summary>
    [JsonConverter(typeof(RepeatedTextConverter))]
    public string? GroupId { get; set; }

    /// <summary>The number of its group, by which it is called together with its index: <c>NUMBER_INDEX</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public uint? GroupNumber { get; set; }

    /// <summary>In a list that sums groups up, where this stands for all jobs of its group: how many are in which state, by the names of the states. Left out for a job that stands for itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, int>? GroupStates { get; set; }

    /// <summary>How many of its group may run at once, as long as the group is not over; null for any number.</summary>
    public int? MaxConcurrent { get; set; }

    public string RunName { get; set; } = "";

    /// <summary>The name the user chose, as typed.</summary>
    public string? Name { get; set; }

    public string? Project { get; set; }

    /// <summary><c>Queued Hold Running Finished Failed Cancelled Timeout</c>.</summary>
    [JsonConverter(typeof(RepeatedTextConverter))]
    public string State { get; set; } = "";

    public IReadOnlyList<int>? GpuIds { get; set; }

    public WireInstant? SubmittedAt { get; set; }

    public WireInstant? StartedAt { get; set; }

    public WireInstant? FinishedAt { get; set; }

    /// <summary>A string such as <c>"WaitingForGpu"</c>, or an object with one key such as <c>{"DependencyFailed":7}</c>.</summary>
    public WireReason? Reason { get; set; }

    /// <summary>The reason as a sentence.</summary>
    [JsonConverter(typeof(RepeatedTextConverter))]
    public string? ReasonText { get; set; }

    public int? ExitCode { get; set; }

    /// <summary>Name of the signal the job died of, such as <c>SIGKILL</c>.</summary>
    public string? Signal { get; set; }

    public string? LogPath { get; set; }

    /// <summary>1 for the first run.</summary>
    public int Attempt { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Alive { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WireNotifications? Notifications { get; set; }

    public WireInstant? ScheduledAt { get; set; }

    /// <summary>Of a job that is being ended: since when.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WireInstant? EndingSince { get; set; }

    /// <summary>Of a job that is being ended: when what is left of it is killed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WireInstant? KillAt { get; set; }

    /// <summary>Fields that are not shown to whoever asked, since the job is another user's; left out when all is shown.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Hidden { get; set; }

    /// <summary>What somebody sees of a job.</summary>
    /// <param name="reason">Why it is where it is.</param>
    /// <param name="logPath">Where its output goes.</param>
    /// <param name="killAt">When what is left of it is killed, if it is being ended.</param>
    /// <param name="maxConcurrent">How many of its group may run at once; null for any number.</param>
    public static JobView Of(Job job, JobReason? reason, string logPath, DateTimeOffset? killAt, Sight sight, int? maxConcurrent = null)
    {
        var spec = job.Spec;
        var on = spec.Dependencies.On;
        var end = (job.Status as JobStatus.Ended)?.End;
        var shown = sight.Command ? reason : reason?.Discreet;
        return new()
        {
            Id = job.Id.Value,
            Script = sight.Command ? spec.Script : null,
            Command = sight.Command ? spec.Command : null,
            Arguments = sight.Command ? spec.Arguments : [],
            Gpus = spec.Gpus,
            GpuType = spec.GpuWish.Type,
            GpuMinMemoryMb = spec.GpuWish.MinMemoryMb,
            GpuIndices = spec.GpuWish.Indices is { Count: > 0 } indices ? indices : null,
            RunDir = sight.Command ? spec.RunDir : null,
            Priority = spec.Priority,
            DependsOn = on.Count == 1 ? on[0].Value : null,
            DependsOnIds = [.. on.Select(id => id.Value)],
            DependsOnGroups = spec.Dependencies.Groups is { Count: > 0 } groups ? [.. groups.Select(group => group.Value)] : null,
            DependencyMode = spec.Dependencies.IsEmpty ? null : spec.Dependencies.Mode.ToString(),
            AutoCancelOnDependencyFailure = spec.Dependencies.AutoCancel,
            TaskId = job.TaskId,
            Parameters = sight.Command ? job.Parameters : ReadOnlyDictionary<string, string>.Empty,
            GroupId = job.Group?.Id.ToString(),
            GroupNumber = job.Group?.Number.Value,
            MaxConcurrent = maxConcurrent,
            TimeLimit = WireDuration.From(spec.TimeLimit),
            SubmittedBy = job.SubmittedBy,
            RedoneFrom = job.RedoneFrom?.Value,
            RunName = job.RunName,
            Name = job.Name,
            Project = spec.Project,
            State = job.State.ToString(),
            GpuIds = job.Status.AssignedGpus,
            SubmittedAt = WireInstant.From(job.SubmittedAt),
            StartedAt = WireInstant.From(job.Status.Started),
            FinishedAt = WireInstant.From((job.Status as JobStatus.Ended)?.EndedAt),
            Reason = WireReason.Of(shown),
            ReasonText = shown?.Text,
            ExitCode = end?.ExitCode,
            Signal = end?.ExitSignal is { } signal ? SignalText.Name(signal) : null,
            LogPath = sight.Log ? logPath : null,
            Attempt = job.Attempt,
            EndingSince = WireInstant.From((job.Status as JobStatus.Ending)?.Since),
            KillAt = WireInstant.From(killAt),
            Alive = job.State == JobState.Running ? true : null,
            Notifications = sight.Own && spec.Notifications is { } wish ? new() { Emails = wish.Emails, Events = wish.Events } : null,
            Hidden = HiddenFrom(sight),
        };
    }

    /// <summary>The same for all jobs of a kind of reader: it must not tell which of these a job has.</summary>
    private static List<string>? HiddenFrom(Sight sight)
    {
        if (sight.Own)
        {
            return null;
        }

        string[] command = sight.Command ? [] : ["script", "command", "arguments", "parameters", "run_dir"];
        string[] log = sight.Log ? [] : ["log_path"];
        return [.. command, .. log, "notifications"];
    }
}
