using Gflow.Core.Gpus;
using Gflow.Core.Notifications;
using Gflow.Core.Scheduling;

namespace Gflow.Core.Submission;

/// <summary>What the rules of submission take from the configuration and the machine.</summary>
public sealed record SubmissionPolicy
{
    /// <summary>Whose job it is.</summary>
    public required string User { get; init; }

    /// <summary>GPUs the machine has, whoever has them now and whether or not they are in order.</summary>
    public required IReadOnlyList<GpuSlot> Gpus { get; init; }

    /// <summary>Whether these are all; otherwise nothing can be said to be more than there is.</summary>
    public bool AreGpusKnown { get; init; } = true;

    /// <summary>Why none can be looked for, as a sentence without a full stop; null when they can.</summary>
    public string? GpuTrouble { get; init; }

    /// <summary>Where a job runs that does not say.</summary>
    public string DefaultRunDir { get; init; } = "/";

    /// <summary>How large a job's environment may be.</summary>
    public long EnvironmentBytes { get; init; } = SubmissionRules.MaxEnvironmentBytes;

    /// <summary>How many jobs of somebody may wait; null for any number.</summary>
    public Func<QuotaSubject, long?> MaxQueued { get; init; } = static _ => null;

    /// <summary>Allowed project names; empty for any.</summary>
    public IReadOnlyList<string> KnownProjects { get; init; } = [];

    public bool RequireProject { get; init; }

    /// <summary>Says what is wrong with a mailbox; null when nothing is.</summary>
    public required Func<string, string?> MailboxProblem { get; init; }

    public required RecipientPolicy Recipients { get; init; }
}
