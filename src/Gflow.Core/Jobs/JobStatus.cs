namespace Gflow.Core.Jobs;

/// <summary>Where a job stands: a closed set, each case with only the data that case can have.</summary>
public abstract record JobStatus
{
    private JobStatus()
    {
    }

    /// <summary>Waits until somebody releases it.</summary>
    public sealed record Held : JobStatus
    {
        /// <summary>Whether it is held because too many jobs of its group have failed.</summary>
        public bool AfterFailures { get; init; }
    }

    /// <summary>Waits for its turn.</summary>
    public sealed record Queued : JobStatus
    {
        /// <summary>They are all alike, and of a large array there are many.</summary>
        public static readonly Queued Now = new();
    }

    /// <summary>Its GPUs are taken and the launcher is being asked; committed before anything is spawned, so that a crash in between asks again.</summary>
    public sealed record Starting(IReadOnlyList<int> Gpus, DateTimeOffset Since) : JobStatus;

    /// <summary>Its process runs.</summary>
    public sealed record Running(IReadOnlyList<int> Gpus, DateTimeOffset StartedAt, int Pid) : JobStatus;

    /// <summary>Its processes have been told to end, or its main process has ended and left others behind; GPUs stay taken until all are gone.</summary>
    /// <param name="Cause">Why, which decides the final state.</param>
    /// <param name="Since">When the processes were first told to end; SIGKILL follows after the grace.</param>
    /// <param name="By">Who cancelled it.</param>
    /// <param name="Exit">How the main process ended, once it has.</param>
    public sealed record Ending(IReadOnlyList<int> Gpus, DateTimeOffset? StartedAt, EndCause Cause, DateTimeOffset Since, string? By, ProcessExit? Exit) : JobStatus
    {
        /// <summary>Its main process; null before it has started. Even SIGKILL does not end a process that waits for a device.</summary>
        public int? Pid { get; init; }
    }

    /// <summary>Over, for good.</summary>
    public sealed record Ended(JobEnd End, IReadOnlyList<int> Gpus, DateTimeOffset? StartedAt, DateTimeOffset EndedAt) : JobStatus;

    public JobState State => this switch
    {
        Held => JobState.Hold,
        Queued => JobState.Queued,
        Starting or Running or Ending => JobState.Running,
        Ended ended => ended.End.State,
        _ => throw new InvalidOperationException(),
    };

    /// <summary>The GPU indices the job occupies, or occupied; null before it was given any.</summary>
    public IReadOnlyList<int>? AssignedGpus => this switch
    {
        Starting s => s.Gpus,
        Running r => r.Gpus,
        Ending e => e.Gpus,
        Ended { StartedAt: not null } e => e.Gpus,
        _ => null,
    };

    public DateTimeOffset? Started => this switch
    {
        Running r => r.StartedAt,
        Ending e => e.StartedAt,
        Ended e => e.StartedAt,
        _ => null,
    };
}

/// <summary>Why a job's processes are being ended.</summary>
public enum EndCause
{
    /// <summary>Somebody cancelled the job.</summary>
    Cancel,

    /// <summary>The job used up its time limit.</summary>
    TimeLimit,

    /// <summary>The main process ended by itself and left others running.</summary>
    Leftovers,
}

/// <summary>How a process ended: with a code, by a signal, or (both null) in a way nobody could collect.</summary>
/// <param name="MachineRestarted">The machine went down under it.</param>
public sealed record ProcessExit(int? Code, int? Signal, DateTimeOffset At, bool MachineRestarted = false);

/// <summary>The way a job ended: a closed set.</summary>
public abstract record JobEnd
{
    private JobEnd()
    {
    }

    public sealed record Finished : JobEnd;

    /// <param name="Code">Exit code; null when it died of a signal, was never started, or its code was lost.</param>
    /// <param name="Signal">Signal number it died of.</param>
    /// <param name="Reason">A sentence, when the code does not tell the story.</param>
    public sealed record Failed(int? Code, int? Signal, string? Reason) : JobEnd;

    /// <param name="By">Who cancelled it; null for a dependency's sake.</param>
    /// <param name="Dependency">The dependency that can no longer be met.</param>
    public sealed record Cancelled(string? By, JobId? Dependency, int? Code, int? Signal) : JobEnd
    {
        /// <summary>Whether it was not started because too many jobs of its group had failed.</summary>
        public bool AfterFailures { get; init; }
    }

    public sealed record TimedOut(int? Code, int? Signal) : JobEnd;

    public JobState State => this switch
    {
        Finished => JobState.Finished,
        Failed => JobState.Failed,
        Cancelled => JobState.Cancelled,
        TimedOut => JobState.Timeout,
        _ => throw new InvalidOperationException(),
    };

    public int? ExitCode => this switch
    {
        Finished => 0,
        Failed f => f.Code,
        Cancelled c => c.Code,
        TimedOut t => t.Code,
        _ => null,
    };

    public int? ExitSignal => this switch
    {
        Failed f => f.Signal,
        Cancelled c => c.Signal,
        TimedOut t => t.Signal,
        _ => null,
    };
}
