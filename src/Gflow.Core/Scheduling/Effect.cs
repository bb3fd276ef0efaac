using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

/// <summary>What is to be done about an attempt of a job once the batch that decided it is stored: a closed set. Each may be repeated without harm.</summary>
public abstract record Effect(JobId Job, int Attempt)
{
    /// <summary>Start its program.</summary>
    /// <param name="Asked">The job as it was when it was given its GPUs.</param>
    public sealed record Launch(Job Asked) : Effect(Asked.Id, Asked.Attempt);

    /// <summary>Send all its processes a signal.</summary>
    public sealed record Signal(JobId Job, int Attempt, EndSignal Kind) : Effect(Job, Attempt);

    /// <summary>Forget it: its end is stored.</summary>
    /// <param name="IsLast">Whether the job has ended with it, and needs nothing more of what was laid ready for it.</param>
    public sealed record LetGo(JobId Job, int Attempt, bool IsLast) : Effect(Job, Attempt);
}

/// <summary>How a job's processes are told to end.</summary>
public enum EndSignal
{
    /// <summary>They may see to their end themselves (SIGTERM).</summary>
    Terminate,

    /// <summary>They may not (SIGKILL).</summary>
    Kill,
}
