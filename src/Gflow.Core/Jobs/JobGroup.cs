using Gflow.Core.Arrays;

namespace Gflow.Core.Jobs;

/// <summary>Jobs that were submitted together: the tasks of an array or a sweep, or what a client says belongs together. What never changes of it; how far it is says <see cref="GroupProgress"/>.</summary>
public sealed class JobGroup
{
    /// <summary>The number of its first job. Those of an array or a sweep follow each other.</summary>
    public required JobId Number { get; init; }

    /// <summary>Its id on the wire (a version 4 UUID, RFC 9562).</summary>
    public required Guid Id { get; init; }

    public required string SubmittedBy { get; init; }

    public required uint Uid { get; init; }

    public required DateTimeOffset SubmittedAt { get; init; }

    /// <summary>What its tasks are; null for jobs that a client has put together.</summary>
    public TaskPlan? Plan { get; init; }

    /// <summary>What its tasks share; that of a task that was changed is its own. Of jobs that a client has put together, that of the first.</summary>
    public required JobSpec Spec { get; init; }

    /// <summary>When so many of its tasks have failed, the rest is not started; null for never.</summary>
    public FailureLimit? MaxFails { get; init; }

    /// <summary>What its tasks are told of the array.</summary>
    public ArrayFrame? Frame { get; init; }

    /// <summary>The jobs that its tasks repeat, one for each; null for none.</summary>
    public IReadOnlyList<uint>? RedoneTasks { get; init; }

    /// <inheritdoc cref="JobSpec.DisplayName"/>
    public string DisplayName => Spec.DisplayName;
}
