using System.Text.Json.Serialization;

namespace Gflow.Core.Contracts;

/// <param name="AllowedGpuIndices">The GPUs that jobs may be given; null for all.</param>
/// <param name="Shared">Whether the daemon is the machine's, for all its users.</param>
public sealed record InfoAnswer(
    IReadOnlyList<GpuView> Gpus,
    IReadOnlyList<int>? AllowedGpuIndices,
    string GpuAllocationStrategy,
    string Executor,
    bool Shared = false)
{
    /// <summary>Name and version of the driver; left out when there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Driver { get; init; }

    /// <summary>What there is to know about the GPUs beside themselves, as sentences: that they cannot be looked for, who has restricted them.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>One GPU. What is not known is left out.</summary>
/// <param name="Available">Whether a job could be given it now.</param>
/// <param name="Reason">Why no job may be given it, as a word such as <c>unmanaged(pid=4411)</c>, or <c>manual_ignore(…)</c> while it may.</param>
/// <param name="Jobs">Ids of the jobs that occupy it.</param>
public sealed record GpuView(
    string Uuid,
    int Index,
    bool Available,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason,
    IReadOnlyList<uint> Jobs)
{
    /// <summary>The reason as a sentence.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ReasonText { get; init; }

    /// <summary>Whether it does not answer or cannot be used, whoever wants it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool OutOfOrder { get; init; }

    /// <summary>Whether an administrator keeps it from jobs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Restricted { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Model { get; init; }

    /// <summary>PCI domain:bus:device.function.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? BusId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MemoryTotalMb { get; init; }

    /// <summary>Without what the driver keeps for itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MemoryUsedMb { get; init; }

    /// <summary>In percent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Utilization { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? TemperatureC { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? PowerW { get; init; }

    /// <summary>Memory errors that could not be corrected.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? EccErrors { get; init; }

    /// <summary>What computes on it; left out when nothing does.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<GpuProcessView>? Processes { get; init; }

    /// <summary>When it was last looked at; left out for simulated ones.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WireInstant? ReadAt { get; init; }
}

/// <summary>A process that computes on a GPU.</summary>
/// <param name="Job">The job that it belongs to; left out when it is none's.</param>
/// <param name="Ignored">Whether it is not minded.</param>
public sealed record GpuProcessView(
    int Pid,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? User,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Program,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? MemoryMb,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] uint? Job,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Ignored);

/// <summary>Which GPUs jobs may be given from now on.</summary>
/// <param name="AllowedIndices">Null for all, empty for none.</param>
/// <param name="FollowConfiguration">Whether it is left to the configuration again; then nothing else is said.</param>
public sealed record GpuAllowance(IReadOnlyList<long>? AllowedIndices = null, bool? FollowConfiguration = null);

/// <param name="AllowedGpuIndices">Null for all.</param>
public sealed record AllowedGpus(IReadOnlyList<int>? AllowedGpuIndices);

/// <summary>A process on a GPU, as it is named in requests.</summary>
public sealed record GpuProcessName(long? GpuIndex, long? Pid);

/// <summary>A process that is not minded on a GPU.</summary>
public sealed record IgnoredGpuProcess(
    int GpuIndex,
    int Pid,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? User,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Program);

/// <summary>The answer when a process is to be ignored, or not any more.</summary>
/// <param name="Inserted">Whether it was minded before; left out of the other answer.</param>
/// <param name="Removed">Always true; left out of the other answer.</param>
/// <param name="Available">Whether a job could be given the GPU now; null when that is gone.</param>
public sealed record GpuProcessAnswer(
    int GpuIndex,
    int Pid,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Inserted,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Removed,
    bool? Available);
