using Gflow.Core.Notifications;

namespace Gflow.Core.Submission;

/// <summary>What the rules of submission take from the configuration and the machine.</summary>
public sealed record SubmissionPolicy
{
    /// <summary>Whose job it is.</summary>
    public required string User { get; init; }

    /// <summary>GPUs the machine has.</summary>
    public required int GpuCount { get; init; }

    /// <summary>Where a job runs that does not say.</summary>
    public required string DefaultRunDir { get; init; }

    /// <summary>Allowed project names; empty for any.</summary>
    public IReadOnlyList<string> KnownProjects { get; init; } = [];

    public bool RequireProject { get; init; }

    /// <summary>Says what is wrong with a mailbox; null when nothing is.</summary>
    public required Func<string, string?> MailboxProblem { get; init; }

    public required RecipientPolicy Recipients { get; init; }
}
