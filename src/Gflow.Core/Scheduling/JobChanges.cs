using Gflow.Core.Events;
using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

/// <summary>What the commands of a batch did.</summary>
/// <param name="Jobs">Every job that changed, in its newest version; ended ones too.</param>
/// <param name="Events">What happened, in order.</param>
/// <param name="Effects">What is to be done about it, in the order in which it was decided.</param>
public sealed record JobChanges(JobBoard Board, IReadOnlyList<Job> Jobs, IReadOnlyList<JobEvent> Events, IReadOnlyList<Effect> Effects);
