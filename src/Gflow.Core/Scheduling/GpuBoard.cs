using System.Collections.Immutable;
using Gflow.Core.Gpus;
using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

/// <summary>The GPUs of the machine, immutable.</summary>
/// <param name="Slots">Those there are, by index; also those that do not answer.</param>
/// <param name="Names">The index of each GPU by its UUID; also of those that are away, so that they come back under their own.</param>
/// <param name="Unknown">Who has GPUs beside the jobs of the board.</param>
public sealed record GpuBoard(ImmutableArray<GpuSlot> Slots, ImmutableDictionary<string, int> Names, ImmutableArray<UnknownRun> Unknown)
{
    public static GpuBoard Empty { get; } = new([], ImmutableDictionary<string, int>.Empty, []);

    /// <summary>What was last seen of each, by its UUID; nothing of one that was not looked at yet.</summary>
    public ImmutableDictionary<string, GpuReading> Readings { get; init; } = ImmutableDictionary<string, GpuReading>.Empty;

    /// <summary>Whether it is known which GPUs there are.</summary>
    public bool AreKnown { get; init; }

    /// <summary>Why no GPUs can be looked for, as a sentence without a full stop; null when they can.</summary>
    public string? Trouble { get; init; }

    /// <summary>Name and version of the driver; null when there is none or nobody has asked it.</summary>
    public string? Driver { get; init; }

    /// <summary>What an administrator has said while the daemon ran; null when the configuration holds.</summary>
    public GpuRestriction? Restriction { get; init; }

    public ImmutableHashSet<IgnoredProcess> Ignored { get; init; } = [];

    /// <summary>Since when those are free that a job or something else had, and of which nobody was told yet.</summary>
    public ImmutableSortedDictionary<int, DateTimeOffset> FreeSince { get; init; } = ImmutableSortedDictionary<int, DateTimeOffset>.Empty;

    public GpuReading? Reading(GpuSlot gpu) => Readings.GetValueOrDefault(gpu.Uuid);

    public GpuSlot? Find(int index) => Slots.FirstOrDefault(gpu => gpu.Index == index);

    /// <summary>The number by which CUDA finds a GPU when it counts in the order of the bus (<c>CUDA_DEVICE_ORDER=PCI_BUS_ID</c>); null for one that it does not find.</summary>
    public int? PositionOf(int index)
    {
        var position = 0;
        foreach (var gpu in Slots.Where(gpu => Reading(gpu)?.Fault is not { Reason: GpuRules.Away or GpuRules.Lost }).OrderBy(gpu => gpu.Card.BusId, StringComparer.Ordinal).ThenBy(gpu => gpu.Index))
        {
            if (gpu.Index == index)
            {
                return position;
            }

            position++;
        }

        return null;
    }
}

/// <summary>An attempt of a job that runs and that the database knows nothing of, as after an older copy was put in its place.</summary>
/// <param name="Pid">Its main process; 0 when it is not known.</param>
/// <param name="Gpus">The indices of the GPUs that it was given.</param>
public sealed record UnknownRun(JobId Job, int Attempt, int Pid, IReadOnlyList<int> Gpus);
