using System.Collections.Immutable;
using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

/// <summary>What was last seen of a card: news, never stored.</summary>
/// <param name="At">When it was seen.</param>
public sealed record GpuReading(DateTimeOffset At)
{
    /// <summary>Why it cannot be used; null when it can.</summary>
    public GpuFault? Fault { get; init; }

    /// <summary>The processes that compute on it.</summary>
    public ImmutableArray<GpuProcess> Processes { get; init; } = [];

    /// <summary>Memory in use, in MiB, without what the driver keeps for itself; null when it is not known.</summary>
    public long? MemoryUsedMb { get; init; }

    /// <summary>What of it belongs to none of <see cref="Processes"/>; null when that is not known.</summary>
    public long? OthersMemoryMb { get; init; }

    /// <summary>Share of the time in which something computed, in percent.</summary>
    public int? Utilization { get; init; }

    /// <summary>In degrees Celsius.</summary>
    public int? Temperature { get; init; }

    /// <summary>In watts.</summary>
    public double? Power { get; init; }

    /// <summary>Memory errors that could not be corrected, since the card was made. Shown, and no reason by themselves.</summary>
    public long? EccErrors { get; init; }

    /// <summary>Whether no later one is to be expected, as of cards that are only simulated.</summary>
    public bool IsLast { get; init; }
}

/// <summary>Why a card is out of order.</summary>
/// <param name="Reason">In the words of the API.</param>
/// <param name="Text">As a sentence without its subject and full stop: <c>"does not answer (for 15 s)"</c>.</param>
public sealed record GpuFault(string Reason, string Text);

/// <summary>A process that computes on a card.</summary>
/// <param name="StartTime">Clock ticks from the boot to its start: with the pid its identity until the next boot.</param>
public sealed record GpuProcess(int Pid, long StartTime)
{
    /// <summary>What it occupies there, in MiB; null when that is not known.</summary>
    public long? MemoryMb { get; init; }

    /// <summary>The login name of its user, or his number.</summary>
    public string? User { get; init; }

    /// <summary>The name of its program.</summary>
    public string? Program { get; init; }

    /// <summary>The job that it belongs to; null for none.</summary>
    public JobId? Job { get; init; }

    /// <summary>Whether the configuration says that its program is not to be minded.</summary>
    public bool IsHarmless { get; init; }
}

/// <summary>A process that an administrator said is not to be minded on a card, until it ends.</summary>
/// <param name="Uuid">Of the card.</param>
public sealed record IgnoredProcess(string Uuid, int Pid, long StartTime);

/// <summary>Which GPUs may be given to jobs, as an administrator has said while the daemon ran. It holds until he says something else, there or by another value in the configuration.</summary>
/// <param name="Uuids">Of these cards; null for all.</param>
/// <param name="Configured">What the configuration said then; see <see cref="Limits.Configured"/>.</param>
public sealed record GpuRestriction(IReadOnlyList<string>? Uuids, string Configured);
