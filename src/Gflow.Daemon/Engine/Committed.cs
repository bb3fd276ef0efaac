using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;

namespace Gflow.Daemon.Engine;

/// <summary>What readers see: the board at one committed instant, and the plan for it. Immutable.</summary>
internal sealed record Committed(Board Board, Plan Plan)
{
    /// <summary>Why the job waits, or how it came to its end; null when there is nothing to say.</summary>
    public JobReason? ReasonOf(Job job) => JobReasons.Of(job, Board.Jobs, Plan);
}
