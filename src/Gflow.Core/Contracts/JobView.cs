using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gflow.Core.Access;
using Gflow.Core.Jobs;

namespace Gflow.Core.Contracts;

/// <summary>An instant on the wire.</summary>
public readonly record struct WireInstant(long SecsSinceEpoch, int NanosSinceEpoch)
{
    public static WireInstant From(DateTimeOffset instant)
    {
        var ticks = instant.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        var seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out var rest);
        return new(seconds, (int)rest * 100);
    }

    public static WireInstant? From(DateTimeOffset? instant) => instant is { } value ? From(value) : null;

    public DateTimeOffset ToInstant() => DateTimeOffset.UnixEpoch.AddTicks((SecsSinceEpoch * TimeSpan.TicksPerSecond) + (NanosSinceEpoch / 100));

    /// <returns>False for what no calendar holds; for values that somebody else wrote.</returns>
    public bool TryToInstant(out DateTimeOffset instant)
    {
        var sane = SecsSinceEpoch >= 0 && SecsSinceEpoch <= DateTimeOffset.MaxValue.ToUnixTimeSeconds() && NanosSinceEpoch is >= 0 and < 1_000_000_000;
        instant = sane ? ToInstant() : default;
        return sane;
    }
}

/// <summary>A length of time on the wire.</summary>
public readonly record struct WireDuration(long Secs, int Nanos)
{
    public static WireDuration From(TimeSpan span) => new(span.Ticks / TimeSpan.TicksPerSecond, (int)(span.Ticks % TimeSpan.TicksPerSecond) * 100);

    public static WireDuration? From(TimeSpan? span) => span is { } value ? From(value) : null;
}

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
        Events = Events ?? before?.Events,
    };
}

/// <summary>A job as the API shows it. Unset values are written as <c>null</c>, except <c>alive</c>, <c>notifications</c>, <c>ending_since</c>, <c>kill_at</c> and <c>hidden</c>, which are left out.</summary>
public sealed record JobView
{
    public required uint Id { get; init; }

    public string? Script { get; init; }

    public string? Command { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    public int Gpus { get; init; }

    public string? CondaEnv { get; init; }

    public string? RunDir { get; init; } = ".";

    public int Priority { get; init; }

    /// <summary>The single dependency of older clients, when there is exactly one.</summary>
    public uint? DependsOn { get; init; }

    public IReadOnlyList<uint> DependsOnIds { get; init; } = [];

    /// <summary><c>All</c>, <c>Any</c> or null without dependencies.</summary>
    public string? DependencyMode { get; init; }

    public bool AutoCancelOnDependencyFailure { get; init; }

    public uint? TaskId { get; init; }

    public string GpuSharingMode { get; init; } = "Exclusive";

    public long? GpuMemoryLimitMb { get; init; }

    public WireDuration? TimeLimit { get; init; }

    public long? MemoryLimitMb { get; init; }

    public string SubmittedBy { get; init; } = "";

    public uint? RedoneFrom { get; init; }

    public uint? RetriedFrom { get; init; }

    public int MaxRetries { get; init; }

    public bool AutoCloseTmux { get; init; }

    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    public string? GroupId { get; init; }

    public int? MaxConcurrent { get; init; }

    public string RunName { get; init; } = "";

    /// <summary>The name the user chose, as typed.</summary>
    public string? Name { get; init; }

    public string? Project { get; init; }

    /// <summary><c>Queued Hold Running Finished Failed Cancelled Timeout</c>.</summary>
    public string State { get; init; } = "";

    public IReadOnlyList<int>? GpuIds { get; init; }

    public WireInstant? SubmittedAt { get; init; }

    public WireInstant? StartedAt { get; init; }

    public WireInstant? FinishedAt { get; init; }

    /// <summary>A string such as <c>"WaitingForGpu"</c>, or an object with one key such as <c>{"DependencyFailed":7}</c>.</summary>
    public JsonElement? Reason { get; init; }

    /// <summary>The reason as a sentence.</summary>
    public string? ReasonText { get; init; }

    public int? ExitCode { get; init; }

    /// <summary>Name of the signal the job died of, such as <c>SIGKILL</c>.</summary>
    public string? Signal { get; init; }

    public string? LogPath { get; init; }

    /// <summary>1 for the first run.</summary>
    public int Attempt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Alive { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WireNotifications? Notifications { get; init; }

    public WireInstant? ScheduledAt { get; init; }

    /// <summary>Of a job that is being ended: since when.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WireInstant? EndingSince { get; init; }

    /// <summary>Of a job that is being ended: when what is left of it is killed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WireInstant? KillAt { get; init; }

    /// <summary>Fields that are not shown to whoever asked, since the job is another user's; left out when all is shown.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Hidden { get; init; }

    /// <summary>What somebody sees of a job.</summary>
    /// <param name="reason">Why it is where it is.</param>
    /// <param name="logPath">Where its output goes.</param>
    /// <param name="killAt">When what is left of it is killed, if it is being ended.</param>
    public static JobView Of(Job job, JobReason? reason, string logPath, DateTimeOffset? killAt, Sight sight)
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
            RunDir = sight.Command ? spec.RunDir : null,
            Priority = spec.Priority,
            DependsOn = on.Count == 1 ? on[0].Value : null,
            DependsOnIds = [.. on.Select(id => id.Value)],
            DependencyMode = on.Count == 0 ? null : spec.Dependencies.Mode.ToString(),
            AutoCancelOnDependencyFailure = spec.Dependencies.AutoCancel,
            TimeLimit = WireDuration.From(spec.TimeLimit),
            SubmittedBy = job.SubmittedBy,
            RedoneFrom = spec.RedoneFrom?.Value,
            RunName = job.RunName,
            Name = spec.Name,
            Project = spec.Project,
            State = job.State.ToString(),
            GpuIds = job.Status.AssignedGpus,
            SubmittedAt = WireInstant.From(job.SubmittedAt),
            StartedAt = WireInstant.From(job.Status.Started),
            FinishedAt = WireInstant.From((job.Status as JobStatus.Ended)?.EndedAt),
            Reason = shown is null ? null : Wire(shown),
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

        string[] command = sight.Command ? [] : ["script", "command", "arguments", "run_dir"];
        string[] log = sight.Log ? [] : ["log_path"];
        return [.. command, .. log, "notifications"];
    }

    /// <summary>A word, or an object with the word as its one key where the reason carries something.</summary>
    private static JsonElement Wire(JobReason reason)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        using (var json = new Utf8JsonWriter(buffer))
        {
            switch (reason.Kind)
            {
                case ReasonKind.DependencyFailed when reason.Dependency is { } id:
                    json.WriteStartObject();
                    json.WriteNumber(nameof(ReasonKind.DependencyFailed), id.Value);
                    json.WriteEndObject();
                    break;
                case ReasonKind.SystemError:
                    json.WriteStartObject();
                    json.WriteString(nameof(ReasonKind.SystemError), reason.Text);
                    json.WriteEndObject();
                    break;
                default:
                    json.WriteStringValue(reason.Kind.ToString());
                    break;
            }
        }

        using var document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }
}
