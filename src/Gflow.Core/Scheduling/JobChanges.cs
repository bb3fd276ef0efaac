using Gflow.Core.Events;
using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

/// <summary>What the commands of a batch did.</summary>
/// <param name="Jobs">Every job that changed, in its newest version; ended ones too.</param>
/// <param name="Groups">Those of which what is stored has changed.</param>
/// <param name="Events">What happened, in order.</param>
/// <param name="Effects">What is to be done about it, in the order in which it was decided.</param>
public sealed record JobChanges(JobBoard Board, IReadOnlyList<Job> Jobs, IReadOnlyList<GroupProgress> Groups, IReadOnlyList<Event> Events, IReadOnlyList<Effect> Effects);

/// <summary>What cancelling a job would come to.</summary>
/// <param name="Lost">In the order in which they would be found.</param>
public sealed record CancelForecast(Job Job, IReadOnlyList<LostJob> Lost);

/// <summary>A waiting job that can never start by itself once another one has ended otherwise than well.</summary>
/// <param name="DependsOn">That other one.</param>
/// <param name="IsCancelled">Whether it is cancelled for that; else it waits on until somebody changes it.</param>
public sealed record LostJob(Job Job, JobId DependsOn, bool IsCancelled);
