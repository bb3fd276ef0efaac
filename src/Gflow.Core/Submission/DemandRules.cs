using Gflow.Core.Contracts;
using Gflow.Core.Gpus;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Core.Submission;

/// <summary>Checks what a job asks of the machine, and on whom it waits.</summary>
internal sealed class DemandRules(Refusals refusals)
{
    /// <summary>Ten years; beyond that a limit is a mistake.</summary>
    private const long MaxTimeLimitSecs = 10L * 366 * 24 * 3600;

    private const int MaxTypeChars = 64;

    private const int MostWaits = 100_000;

    /// <summary>How many GPUs: as many as are named when nothing else is said.</summary>
    public int Gpus(long? gpus, IReadOnlyList<long>? indices)
    {
        var count = gpus ?? indices?.Distinct().Count() ?? 0;
        if (count < 0)
        {
            refusals.Add(ProblemCode.Invalid, $"'gpus' must be 0 or more; it is {count}.", "gpus");
        }

        return (int)Math.Clamp(count, 0, int.MaxValue);
    }

    /// <summary>Which GPUs will do.</summary>
    public GpuWish Wish(string? type, long? minMemoryMb, IReadOnlyList<long>? indices)
    {
        if (type is not null && (!GpuTypeText.IsType(type) || type.Length > MaxTypeChars || type.Any(char.IsControl)))
        {
            refusals.Add(ProblemCode.Invalid, $"'gpu_type' must be a part of a model's name, such as a100, of at most {MaxTypeChars} characters.", "gpu_type");
            type = null;
        }

        if (minMemoryMb is < 1 or > MemoryText.LargestMegabytes)
        {
            refusals.Add(ProblemCode.Invalid, $"'gpu_min_memory_mb' must be at least 1 and at most {MemoryText.LargestMegabytes}; it is {minMemoryMb}.", "gpu_min_memory_mb");
        }

        if (indices?.FirstOrDefault(index => index is < 0 or > int.MaxValue) is { } wrong and not 0)
        {
            refusals.Add(ProblemCode.Invalid, $"'gpu_indices' must be indices of GPUs, such as 0; {wrong} is none.", "gpu_indices");
        }

        return new GpuWish(
            type?.Trim().ToLowerInvariant(),
            minMemoryMb,
            [.. (indices ?? []).Distinct().Order().Select(index => (int)Math.Clamp(index, 0, int.MaxValue))]);
    }

    /// <summary>Refuses what this machine's hardware can never give; whether it is busy, out of order or restricted today does not count.</summary>
    public void Feasible(int gpus, GpuWish wish, SubmissionPolicy policy)
    {
        if (gpus == 0 && !wish.IsAny)
        {
            refusals.Add(ProblemCode.Invalid, "The job says which GPUs it wants and not that it wants any: add how many, such as --gpus 1, or leave out which.", "gpus");
        }
        else if (wish.Indices.Count > 0 && gpus > wish.Indices.Count)
        {
            refusals.Add(ProblemCode.Invalid, $"The job asks for {Count(gpus)} and names {wish.Indices.Count}.", "gpu_indices");
        }
        else if (policy.AreGpusKnown && gpus > policy.Gpus.Count(wish.Suits))
        {
            refusals.Add(ProblemCode.Infeasible, $"The job asks for {Count(gpus)}{wish.Words}; {Cards(policy)}", wish.IsAny ? "gpus" : Field(wish));
        }
    }

    private static string Field(GpuWish wish) => wish.Type is not null ? "gpu_type" : wish.MinMemoryMb is not null ? "gpu_min_memory_mb" : "gpu_indices";

    private static string Count(int gpus) => gpus == 1 ? "1 GPU" : $"{gpus} GPUs";

    /// <summary>What there is in place of what was asked for.</summary>
    private static string Cards(SubmissionPolicy policy)
    {
        if (policy.Gpus.Count == 0)
        {
            return $"this machine has none: {policy.GpuTrouble ?? "no card was found"}. simulated_gpus in the configuration pretends some, to try it.";
        }

        var kinds = policy.Gpus.GroupBy(gpu => (gpu.Card.Model, gpu.Card.MemoryMb)).Select(kind =>
            $"{kind.Count()} × {kind.Key.Model}{(kind.Key.MemoryMb > 0 ? $" ({MemoryText.Format(kind.Key.MemoryMb)})" : "")} (GPU {IndexListText.Format(kind.Select(gpu => (uint)gpu.Index))})");
        return $"this machine has {string.Join(", ", kinds)}, so it could never start.";
    }

    public byte Priority(long priority)
    {
        if (priority is < 0 or > 255)
        {
            refusals.Add(ProblemCode.Invalid, $"'priority' must be between 0 and 255; it is {priority}.", "priority");
        }

        return (byte)Math.Clamp(priority, 0, 255);
    }

    public TimeSpan? TimeLimit(WireDuration? limit)
    {
        if (limit is not { } given)
        {
            return null;
        }

        if (given.Secs < 0 || given.Nanos is < 0 or >= 1_000_000_000 || given is { Secs: 0, Nanos: 0 } || given.Secs > MaxTimeLimitSecs)
        {
            refusals.Add(ProblemCode.Invalid, $"'time_limit' must be more than 0 and at most ten years; it is {given.Secs} s and {given.Nanos} ns.", "time_limit");
            return null;
        }

        return TimeSpan.FromTicks((given.Secs * TimeSpan.TicksPerSecond) + (given.Nanos / 100));
    }

    public DependencySpec Dependencies(SubmissionDraft draft)
    {
        var on = Ids([.. draft.DependsOnIds ?? [], .. draft.DependsOn is { } single ? [single] : Array.Empty<long>()]);
        var groups = Ids(draft.DependsOnGroups ?? [], "depends_on_groups");
        return on.Count + groups.Count == 0 && draft.DependencyMode is null
            ? DependencySpec.None with { AutoCancel = draft.AutoCancelOnDependencyFailure ?? true }
            : new DependencySpec(on, Mode(draft.DependencyMode), draft.AutoCancelOnDependencyFailure ?? true) { Groups = groups };
    }

    /// <summary>Each task would wait for each of these jobs; for whole groups they wait together.</summary>
    public void Payable(DependencySpec dependencies, int tasks)
    {
        if ((long)dependencies.On.Count * tasks > MostWaits && tasks > 1)
        {
            refusals.Add(ProblemCode.TooMany, $"{tasks} tasks that wait for {dependencies.On.Count} jobs each are more than gflow keeps account of ({MostWaits}): let them wait for a whole group (--depends-on 5_*).", "depends_on_ids");
        }
    }

    public List<JobId> Ids(IReadOnlyList<long> ids, string field = "depends_on_ids") =>
        [.. ids.Distinct().Order().Select(id => Id(id, field)).OfType<JobId>()];

    public JobId? Id(long id, string field)
    {
        if (id is > 0 and <= uint.MaxValue)
        {
            return new JobId((uint)id);
        }

        refusals.Add(ProblemCode.Invalid, $"{id} is not a job id; ids are whole numbers from 1.", field);
        return null;
    }

    public DependencyMode Mode(string? mode)
    {
        switch (mode)
        {
            case null or "All":
                return DependencyMode.All;
            case "Any":
                return DependencyMode.Any;
            default:
                refusals.Add(ProblemCode.Invalid, $"'dependency_mode' must be \"All\" or \"Any\"; it is \"{mode}\".", "dependency_mode");
                return DependencyMode.All;
        }
    }
}
