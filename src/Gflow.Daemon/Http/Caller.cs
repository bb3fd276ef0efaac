namespace Gflow.Daemon.Http;

/// <summary>Who is acting, as the kernel says; never what a body or a header claims.</summary>
/// <param name="Administrator">Whether he may act on other people's jobs.</param>
internal sealed record Caller(uint Uid, string User, bool Administrator);
