using System.Text.Json.Serialization;
using Gflow.Core.Gpus;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Daemon.Storage;

/// <summary><see cref="JobSpec"/> as it is stored: its own type, so that the domain may change its shape and old rows stay readable.</summary>
internal sealed record StoredSpec
{
    public string? Name { get; init; }

    public string? Script { get; init; }

    public string? Command { get; init; }

    public IReadOnlyList<string>? Arguments { get; init; }

    public required string RunDir { get; init; }

    /// <summary>The bytes of what is not UTF-8; null where the text is all there is.</summary>
    public byte[]? ScriptBytes { get; init; }

    public IReadOnlyList<byte[]>? ArgumentsBytes { get; init; }

    public byte[]? RunDirBytes { get; init; }

    public int? Umask { get; init; }

    public IReadOnlyDictionary<string, long?>? Limits { get; init; }

    public int Gpus { get; init; }

    public string? GpuType { get; init; }

    public long? GpuMinMemoryMb { get; init; }

    public IReadOnlyList<int>? GpuIndices { get; init; }

    public byte Priority { get; init; } = JobSpec.DefaultPriority;

    public long? TimeLimitTicks { get; init; }

    public IReadOnlyList<uint>? DependsOn { get; init; }

    public IReadOnlyList<uint>? DependsOnGroups { get; init; }

    public bool DependsOnAny { get; init; }

    public bool KeepOnDependencyFailure { get; init; }

    public string? Project { get; init; }

    public IReadOnlyList<string>? NotifyEmails { get; init; }

    public IReadOnlyList<string>? NotifyEvents { get; init; }

    public uint? RedoneFrom { get; init; }

    public string? NameTemplate { get; init; }

    public uint? TaskId { get; init; }

    public IReadOnlyDictionary<string, string>? Parameters { get; init; }

    public StoredFrame? Frame { get; init; }

    /// <summary>Whether of a group the first failure alone is told.</summary>
    public bool NotifyFirstFailureOnly { get; init; }

    public string? ScriptHash { get; init; }

    public string? EnvironmentHash { get; init; }

    public static StoredSpec From(JobSpec spec) => new()
    {
        Name = spec.Name,
        Script = spec.Script,
        Command = spec.Command,
        Arguments = spec.Arguments.Count > 0 ? spec.Arguments : null,
        RunDir = spec.RunDir,
        ScriptBytes = spec.Script is { } script && !ByteText.IsUtf8(script) ? ByteText.Bytes(script) : null,
        ArgumentsBytes = spec.Arguments.All(ByteText.IsUtf8) ? null : [.. spec.Arguments.Select(ByteText.Bytes)],
        RunDirBytes = ByteText.IsUtf8(spec.RunDir) ? null : ByteText.Bytes(spec.RunDir),
        Umask = spec.Umask == JobSpec.DefaultUmask ? null : spec.Umask,
        Limits = spec.Limits.Count > 0 ? spec.Limits : null,
        Gpus = spec.Gpus,
        GpuType = spec.GpuWish.Type,
        GpuMinMemoryMb = spec.GpuWish.MinMemoryMb,
        GpuIndices = spec.GpuWish.Indices.Count > 0 ? spec.GpuWish.Indices : null,
        Priority = spec.Priority,
        TimeLimitTicks = spec.TimeLimit?.Ticks,
        DependsOn = spec.Dependencies.On.Count > 0 ? [.. spec.Dependencies.On.Select(id => id.Value)] : null,
        DependsOnGroups = spec.Dependencies.Groups.Count > 0 ? [.. spec.Dependencies.Groups.Select(group => group.Value)] : null,
        DependsOnAny = spec.Dependencies.Mode == DependencyMode.Any,
        KeepOnDependencyFailure = !spec.Dependencies.AutoCancel,
        Project = spec.Project,
        NotifyEmails = spec.Notifications?.Emails,
        NotifyEvents = spec.Notifications?.Events,
        RedoneFrom = spec.RedoneFrom?.Value,
        NameTemplate = spec.NameTemplate,
        TaskId = spec.TaskId,
        Parameters = spec.Parameters,
        Frame = StoredFrame.From(spec.Frame),
        NotifyFirstFailureOnly = spec.Notifications?.FirstFailureOnly == true,
        ScriptHash = spec.ScriptHash,
        EnvironmentHash = spec.EnvironmentHash,
    };

    public JobSpec ToSpec() => new()
    {
        Name = Name,
        Script = ScriptBytes is null ? Script : ByteText.Of(ScriptBytes),
        Command = Command,
        Arguments = ArgumentsBytes?.Select(argument => ByteText.Of(argument)).ToList() ?? Arguments ?? [],
        RunDir = RunDirBytes is null ? RunDir : ByteText.Of(RunDirBytes),
        Umask = Umask ?? JobSpec.DefaultUmask,
        Limits = Limits ?? JobSpec.NoLimits,
        Gpus = Gpus,
        GpuWish = (GpuType, GpuMinMemoryMb, GpuIndices) is (null, null, null) ? GpuWish.Any : new GpuWish(GpuType, GpuMinMemoryMb, GpuIndices ?? []),
        Priority = Priority,
        TimeLimit = TimeLimitTicks is { } ticks ? TimeSpan.FromTicks(ticks) : null,
        Dependencies = new DependencySpec(
            [.. (DependsOn ?? []).Select(id => new JobId(id))],
            DependsOnAny ? DependencyMode.Any : DependencyMode.All,
            !KeepOnDependencyFailure)
        {
            Groups = [.. (DependsOnGroups ?? []).Select(group => new JobId(group))],
        },
        Project = Project,
        Notifications = NotifyEmails is null ? null : new NotificationWish(NotifyEmails, NotifyEvents ?? []) { FirstFailureOnly = NotifyFirstFailureOnly },
        RedoneFrom = RedoneFrom is { } id ? new JobId(id) : null,
        NameTemplate = NameTemplate,
        TaskId = TaskId,
        Parameters = Parameters,
        Frame = Frame?.ToFrame(),
        ScriptHash = ScriptHash,
        EnvironmentHash = EnvironmentHash,
    };
}

/// <summary><see cref="JobStatus"/> as it is stored: flat, with a word for the case. Instants are milliseconds since 1970.</summary>
internal sealed record StoredStatus
{
    public required string Is { get; init; }

    public IReadOnlyList<int>? Gpus { get; init; }

    public long? Since { get; init; }

    public long? StartedAt { get; init; }

    public int? Pid { get; init; }

    public string? Cause { get; init; }

    public string? By { get; init; }

    public long? ExitAt { get; init; }

    public int? ExitCode { get; init; }

    public int? ExitSignal { get; init; }

    public bool MachineRestarted { get; init; }

    public string? End { get; init; }

    public string? Reason { get; init; }

    public uint? Dependency { get; init; }

    public long? EndedAt { get; init; }

    /// <summary>Held, or cancelled, because too many jobs of its group had failed.</summary>
    public bool AfterFailures { get; init; }

    public static StoredStatus From(JobStatus status) => status switch
    {
        JobStatus.Held h => new() { Is = "held", AfterFailures = h.AfterFailures },
        JobStatus.Queued => new() { Is = "queued" },
        JobStatus.Starting s => new() { Is = "starting", Gpus = s.Gpus, Since = Ms(s.Since) },
        JobStatus.Running r => new() { Is = "running", Gpus = r.Gpus, StartedAt = Ms(r.StartedAt), Pid = r.Pid },
        JobStatus.Ending e => new()
        {
            Is = "ending",
            Gpus = e.Gpus,
            StartedAt = e.StartedAt is { } started ? Ms(started) : null,
            Since = Ms(e.Since),
            Pid = e.Pid,
            Cause = e.Cause.ToString(),
            By = e.By,
            ExitAt = e.Exit is null ? null : Ms(e.Exit.At),
            ExitCode = e.Exit?.Code,
            ExitSignal = e.Exit?.Signal,
            MachineRestarted = e.Exit?.MachineRestarted ?? false,
        },
        JobStatus.Ended e => new()
        {
            Is = "ended",
            Gpus = e.Gpus,
            StartedAt = e.StartedAt is { } started ? Ms(started) : null,
            EndedAt = Ms(e.EndedAt),
            End = e.End.State.ToString(),
            ExitCode = e.End.ExitCode,
            ExitSignal = e.End.ExitSignal,
            Reason = (e.End as JobEnd.Failed)?.Reason,
            By = (e.End as JobEnd.Cancelled)?.By,
            Dependency = (e.End as JobEnd.Cancelled)?.Dependency?.Value,
            AfterFailures = e.End is JobEnd.Cancelled { AfterFailures: true },
        },
        _ => throw new InvalidOperationException(),
    };

    public JobStatus ToStatus() => Is switch
    {
        "held" => new JobStatus.Held { AfterFailures = AfterFailures },
        "queued" => JobStatus.Queued.Now,
        "starting" => new JobStatus.Starting(Gpus ?? [], At(Since!.Value)),
        "running" => new JobStatus.Running(Gpus ?? [], At(StartedAt!.Value), Pid ?? 0),
        "ending" => new JobStatus.Ending(
            Gpus ?? [],
            StartedAt is { } started ? At(started) : null,
            Enum.Parse<EndCause>(Cause!),
            At(Since!.Value),
            By,
            ExitAt is { } exited ? new ProcessExit(ExitCode, ExitSignal, At(exited), MachineRestarted) : null)
        {
            Pid = Pid,
        },
        "ended" => new JobStatus.Ended(ToEnd(), Gpus ?? [], StartedAt is { } started ? At(started) : null, At(EndedAt!.Value)),
        _ => throw new StorageRefusedException($"The database holds a job in the unknown state '{Is}'."),
    };

    private JobEnd ToEnd() => Enum.Parse<JobState>(End!) switch
    {
        JobState.Finished => new JobEnd.Finished(),
        JobState.Failed => new JobEnd.Failed(ExitCode, ExitSignal, Reason),
        JobState.Cancelled => new JobEnd.Cancelled(By, Dependency is { } id ? new JobId(id) : null, ExitCode, ExitSignal) { AfterFailures = AfterFailures },
        JobState.Timeout => new JobEnd.TimedOut(ExitCode, ExitSignal),
        _ => throw new StorageRefusedException($"The database holds a job with the unknown end '{End}'."),
    };

    private static long Ms(DateTimeOffset at) => at.ToUnixTimeMilliseconds();

    private static DateTimeOffset At(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(StoredSpec))]
[JsonSerializable(typeof(StoredStatus))]
[JsonSerializable(typeof(StoredGroup))]
[JsonSerializable(typeof(StoreOwner))]
[JsonSerializable(typeof(StoredSteering))]
internal sealed partial class StoreJson : JsonSerializerContext;
