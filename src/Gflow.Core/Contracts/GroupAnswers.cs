namespace Gflow.Core.Contracts;

/// <summary>Jobs that were submitted together, as the API shows them.</summary>
public sealed record GroupView
{
    /// <summary>A UUID.</summary>
    public required string GroupId { get; init; }

    /// <summary>The number of its first job, by which its tasks are called: <c>NUMBER_INDEX</c>.</summary>
    public required uint Number { get; init; }

    public required string Name { get; init; }

    public required string SubmittedBy { get; init; }

    public string? Project { get; init; }

    /// <summary>What its tasks run, with names of parameters in braces; null for who may not see it.</summary>
    public string? Command { get; init; }

    /// <summary>Names of its parameters.</summary>
    public IReadOnlyList<string> Parameters { get; init; } = [];

    /// <summary>The indices of its tasks, as a list of ranges; null for jobs that a client has put together.</summary>
    public string? Indices { get; init; }

    public required int Tasks { get; init; }

    /// <summary>How many of them are in which state, by the names of the states; those that none is in are left out.</summary>
    public required IReadOnlyDictionary<string, int> States { get; init; }

    /// <summary>How many ended with which exit code.</summary>
    public required IReadOnlyDictionary<string, int> ExitCodes { get; init; }

    /// <summary>The first that failed; at most five.</summary>
    public required IReadOnlyList<MemberFacts> FirstFailures { get; init; }

    /// <summary>Those that ran longest; at most five.</summary>
    public required IReadOnlyList<MemberFacts> Slowest { get; init; }

    /// <summary>How many may run at once; null for any number.</summary>
    public int? MaxConcurrent { get; init; }

    /// <summary>How many may fail before the rest is not started.</summary>
    public string? MaxFails { get; init; }

    /// <summary>Whether so many had failed that the rest was not started.</summary>
    public bool Stopped { get; init; }

    public required WireInstant? SubmittedAt { get; init; }

    /// <summary>When its last job ended; null while one is live.</summary>
    public WireInstant? CompletedAt { get; init; }
}

/// <param name="MaxConcurrent">How many jobs may run at once; 0 for none.</param>
public sealed record GroupLimit(long? MaxConcurrent);

/// <param name="UpdatedJobs">For how many jobs it holds: those that are not over.</param>
public sealed record GroupLimitAnswer(string GroupId, int MaxConcurrent, int UpdatedJobs);

/// <summary>The answer to what was done to the jobs of a group.</summary>
/// <param name="ChangedJobs">To how many it was done.</param>
/// <param name="States">How many of the group are in which state now, by the names of the states.</param>
public sealed record GroupActionAnswer(string GroupId, uint Number, int ChangedJobs, IReadOnlyDictionary<string, int> States);
