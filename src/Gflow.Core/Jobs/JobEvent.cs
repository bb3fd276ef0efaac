using Gflow.Core.Notifications;

namespace Gflow.Core.Jobs;

/// <summary>A fact about a job: what happened, and the job as it was right after.</summary>
/// <param name="OldState">The state before; null for a submission.</param>
public sealed record JobEvent(EventType Type, Job Job, JobState? OldState, DateTimeOffset At);
