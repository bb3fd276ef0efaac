using Gflow.Daemon.Execution;

namespace Gflow.Daemon.Engine;

/// <summary>How the engine is.</summary>
/// <param name="UnknownJobs">Jobs the launcher has and the database lacks.</param>
/// <param name="StoreFault">Why nothing can be stored now; null when all is well.</param>
internal sealed record EngineStatus(DateTimeOffset StartedAt, IReadOnlyList<ExecutorJob> UnknownJobs, string? StoreFault);
