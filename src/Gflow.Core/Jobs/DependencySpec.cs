namespace Gflow.Core.Jobs;

public enum DependencyMode
{
    /// <summary>Every dependency must succeed.</summary>
    All,

    /// <summary>One that succeeds is enough.</summary>
    Any,
}

/// <summary>On which jobs a job waits.</summary>
/// <param name="On">Ids, ascending, distinct.</param>
/// <param name="AutoCancel">Whether the job is cancelled once its dependencies can no longer be met.</param>
public sealed record DependencySpec(IReadOnlyList<JobId> On, DependencyMode Mode, bool AutoCancel)
{
    public static DependencySpec None { get; } = new([], DependencyMode.All, true);
}
