namespace Gflow.Core.Jobs;

/// <summary>What one command did.</summary>
/// <param name="Jobs">Every job that changed, in its newest version; ended ones too.</param>
/// <param name="Events">What happened, in order.</param>
public sealed record JobChanges(JobBoard Board, IReadOnlyList<Job> Jobs, IReadOnlyList<JobEvent> Events);
