namespace Gflow.Client.Submitting;

/// <summary>What a submission waits for, by numbers.</summary>
/// <param name="Jobs">Null for none.</param>
/// <param name="Groups">Whole groups; null for none.</param>
public sealed record ResolvedDependencies(IReadOnlyList<long>? Jobs, IReadOnlyList<long>? Groups)
{
    public static ResolvedDependencies None { get; } = new(null, null);
}
