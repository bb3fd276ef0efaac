using Gflow.Core.Gpus;

namespace Gflow.Core.Scheduling;

/// <summary>All that decides what is started, at one instant. Immutable: whoever holds one sees that instant.</summary>
public sealed record Board(JobBoard Jobs, GpuBoard Gpus, ReservationBook Reservations, Limits Limits)
{
    public static Board Empty { get; } = new(JobBoard.Empty(default), GpuBoard.Empty, ReservationBook.Empty, new Limits());

    /// <summary>Why a GPU may be given to no job, in the words of the API; null when it may, as soon as the job that has it is gone.</summary>
    public string? Hindrance(GpuSlot gpu)
    {
        foreach (var run in Gpus.Unknown)
        {
            if (run.Gpus.Contains(gpu.Index))
            {
                return $"unknown_job({run.Job})";
            }
        }

        return Limits.AllowedGpus?.Contains(gpu.Index) == false ? "not_allowed(daemon.gpus)" : null;
    }

    /// <summary>Whether a job can be given the GPU now.</summary>
    public bool IsFree(GpuSlot gpu) => Hindrance(gpu) is null && !Jobs.Occupied.ContainsKey(gpu.Index);
}

/// <summary>What the machine's owner allows, and what is possible now.</summary>
public sealed record Limits
{
    /// <summary>The indices of those GPUs that may be given to jobs; null for all.</summary>
    public IReadOnlySet<int>? AllowedGpus { get; init; }

    /// <summary>Why no job is started now, whatever is free: a sentence without a full stop. Null when jobs are started.</summary>
    public string? NoStarts { get; init; }
}
