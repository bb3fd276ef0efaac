using Gflow.Core.Contracts;

namespace Gflow.Daemon.Engine;

/// <param name="StoreFault">Why nothing can be written; null when all is well.</param>
internal sealed record EngineStatus(DateTimeOffset StartedAt, IReadOnlyList<UnknownJob> UnknownJobs, string? StoreFault);

internal sealed record UpdateOutcome(Gflow.Core.Jobs.Job Job, IReadOnlyList<string> UpdatedFields);
