using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Core.Submission;

/// <summary>Checks what a job asks of the machine, and on whom it waits.</summary>
internal sealed class DemandRules(Refusals refusals)
{
    /// <summary>Ten years; beyond that a limit is a mistake.</summary>
    private const long MaxTimeLimitSecs = 10L * 366 * 24 * 3600;

    public int Gpus(long gpus, int available)
    {
        if (gpus < 0)
        {
            refusals.Add(ProblemCode.Invalid, $"'gpus' must be 0 or more; it is {gpus}.", "gpus");
        }
        else if (gpus > available)
        {
            var asked = $"The job asks for {gpus} {(gpus == 1 ? "GPU" : "GPUs")}";
            refusals.Add(ProblemCode.Infeasible, available > 0
                ? $"{asked}; this machine has {available}, so it could never start."
                : $"{asked}; there are none, as this version does not look for real ones yet. simulated_gpus in the configuration pretends some, to try it.", "gpus");
        }

        return (int)Math.Clamp(gpus, 0, int.MaxValue);
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
        return on.Count == 0 && draft.DependencyMode is null
            ? DependencySpec.None with { AutoCancel = draft.AutoCancelOnDependencyFailure ?? true }
            : new DependencySpec(on, Mode(draft.DependencyMode), draft.AutoCancelOnDependencyFailure ?? true);
    }

    public List<JobId> Ids(IReadOnlyList<long> ids) =>
        [.. ids.Distinct().Order().Select(id => Id(id, "depends_on_ids")).OfType<JobId>()];

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
