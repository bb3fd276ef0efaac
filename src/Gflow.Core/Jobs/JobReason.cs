namespace Gflow.Core.Jobs;

public enum ReasonKind
{
    JobHeldUser,
    WaitingForStartTime,
    WaitingForDependency,
    WaitingForResources,
    WaitingForGpu,
    WaitingForMemory,
    WaitingForQuota,
    CancelledByUser,
    DependencyFailed,
    SystemError,

    /// <summary>Not started, as too many jobs of its group had failed.</summary>
    TooManyFailures,

    /// <summary>Running, and its processes are being ended.</summary>
    Ending,
}

/// <summary>Why a job waits or how it came to its end, as a short word and as a sentence.</summary>
/// <param name="Text">A sentence for people, without a full stop.</param>
/// <param name="Dependency">For <see cref="ReasonKind.DependencyFailed"/>: which.</param>
public sealed record JobReason(ReasonKind Kind, string Text, JobId? Dependency = null)
{
    private const string PrivateText = "It could not be run; its owner sees why";

    /// <summary>The same for people who do not see what is run: faults of a start name directories and programs.</summary>
    public JobReason Discreet => Kind == ReasonKind.SystemError ? this with { Text = PrivateText } : this;

    /// <summary>The word that tables show in parentheses.</summary>
    public string Label => Kind switch
    {
        ReasonKind.JobHeldUser => "JobHeldUser",
        ReasonKind.WaitingForStartTime => "BeginTime",
        ReasonKind.WaitingForDependency => "Dependency",
        ReasonKind.WaitingForResources or ReasonKind.WaitingForGpu or ReasonKind.WaitingForMemory => "Resources",
        ReasonKind.WaitingForQuota => "Quota",
        ReasonKind.CancelledByUser => "CancelledByUser",
        ReasonKind.DependencyFailed => $"DependencyFailed:{Dependency}",
        ReasonKind.SystemError => $"SystemError:{Text}",
        ReasonKind.TooManyFailures => "TooManyFailures",
        ReasonKind.Ending => "Ending",
        _ => throw new InvalidOperationException(),
    };

    /// <summary><see cref="Label"/> of the discreet reason, from that of the whole one.</summary>
    public static string? DiscreetLabel(string? label) =>
        label?.StartsWith($"{nameof(ReasonKind.SystemError)}:", StringComparison.Ordinal) == true
            ? new JobReason(ReasonKind.SystemError, PrivateText).Label
            : label;
}
