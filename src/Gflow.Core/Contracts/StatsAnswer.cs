namespace Gflow.Core.Contracts;

/// <summary>What jobs come to. Those that wait, run or are held count as well as those that have ended, each once.</summary>
public sealed record StatsAnswer
{
    /// <summary>Whose jobs they are; null for everybody's.</summary>
    public string? User { get; init; }

    /// <summary>Unix seconds: only jobs that were submitted then or later; null for all.</summary>
    public long? Since { get; init; }

    public required int TotalJobs { get; init; }

    public required int CompletedJobs { get; init; }

    public required int FailedJobs { get; init; }

    public required int CancelledJobs { get; init; }

    public required int TimeoutJobs { get; init; }

    public required int RunningJobs { get; init; }

    public required int QueuedJobs { get; init; }

    public required int HeldJobs { get; init; }

    /// <summary>From submission to start, of all that have started; null when none has.</summary>
    public required double? AvgWaitSecs { get; init; }

    /// <summary>From start to end, of those that have finished, failed or timed out; null when none has.</summary>
    public required double? AvgRuntimeSecs { get; init; }

    /// <summary>GPUs asked for times hours since the start, of all that have started, those that still run too.</summary>
    public required double TotalGpuHours { get; init; }

    /// <summary>Jobs that ask for GPUs.</summary>
    public required int JobsWithGpus { get; init; }

    /// <summary>GPUs asked for, over all jobs, also those that ask for none.</summary>
    public required double AvgGpusPerJob { get; init; }

    /// <summary>The most GPUs that one job asks for.</summary>
    public required int PeakGpuUsage { get; init; }

    /// <summary>Percent that finished of those that have ended; 0 when none has.</summary>
    public required double SuccessRate { get; init; }

    /// <summary>Those with the longest runtimes, also such that still run, at most five.</summary>
    public required IReadOnlyList<TopJobView> TopJobs { get; init; }

    /// <summary>What <see cref="AvgWaitSecs"/> is the average of; null when there is none.</summary>
    public required SecondsView? WaitSecs { get; init; }

    /// <summary>What <see cref="AvgRuntimeSecs"/> is the average of; null when there is none.</summary>
    public required SecondsView? RuntimeSecs { get; init; }

    /// <summary>Users with the most GPU-hours, then the most jobs.</summary>
    public required IReadOnlyList<UsageView> Users { get; init; }

    /// <summary>How many users there are beyond these.</summary>
    public required int MoreUsers { get; init; }

    /// <summary>Projects with the most GPU-hours, then the most jobs; jobs without one are in none.</summary>
    public required IReadOnlyList<UsageView> Projects { get; init; }

    /// <summary>How many projects there are beyond these.</summary>
    public required int MoreProjects { get; init; }
}

/// <param name="Name">The run name.</param>
/// <param name="RuntimeSecs">Until now for one that runs.</param>
/// <param name="Gpus">How many it asks for.</param>
public sealed record TopJobView(uint Id, string Name, double RuntimeSecs, int Gpus);

/// <summary>Lengths of time in seconds: each the least that at least so many percent are no longer than.</summary>
public sealed record SecondsView(double P50, double P90, double P99, double Max);

/// <summary>What the jobs of a user or a project come to; each field as in <see cref="StatsAnswer"/>.</summary>
/// <param name="Name">Of the user or the project.</param>
public sealed record UsageView(
    string Name,
    int TotalJobs,
    int CompletedJobs,
    int FailedJobs,
    int CancelledJobs,
    int TimeoutJobs,
    int RunningJobs,
    int QueuedJobs,
    int HeldJobs,
    double TotalGpuHours,
    double SuccessRate,
    double? AvgWaitSecs,
    SecondsView? WaitSecs);
