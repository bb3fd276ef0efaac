using Gflow.Daemon.Execution;

namespace Gflow.Daemon.Engine;

/// <summary>How the engine is.</summary>
/// <param name="UnknownJobs">Jobs the launcher has and the database lacks.</param>
internal sealed record EngineStatus(DateTimeOffset StartedAt, IReadOnlyList<ExecutorJob> UnknownJobs);
