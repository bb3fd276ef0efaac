namespace Gflow.Core.Access;

/// <summary>Who is acting, as the kernel says; never what a body or a header claims.</summary>
/// <param name="Administrator">Whether he may act on other people's jobs, and on what belongs to nobody.</param>
public sealed record Caller(uint Uid, string User, bool Administrator)
{
    /// <summary>An administrator whose rights do not hold on the way he came: over TCP, to a daemon for all users.</summary>
    public bool AdministratorElsewhere { get; init; }
}
