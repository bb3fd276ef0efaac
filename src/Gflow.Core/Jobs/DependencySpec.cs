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

    /// <summary>The numbers of groups of which every job (or any, as <see cref="Mode"/> says) must succeed, ascending, distinct.</summary>
    public IReadOnlyList<JobId> Groups { get; init; } = [];

    /// <summary>Whether it waits for nobody.</summary>
    public bool IsEmpty => On.Count == 0 && Groups.Count == 0;
}
