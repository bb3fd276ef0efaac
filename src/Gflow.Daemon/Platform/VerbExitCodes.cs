namespace Gflow.Daemon.Platform;

/// <summary>How a verb of gflowd ends.</summary>
internal static class VerbExitCodes
{
    public const int Done = 0;

    /// <summary>Refused, or not done.</summary>
    public const int Failed = 1;

    public const int WrongUsage = 2;

    /// <summary>Of <c>status</c>: there is no daemon.</summary>
    public const int NotRunning = 3;

    /// <summary>Of <c>status --check</c>: the daemon serves, and something is ill.</summary>
    public const int Ill = 4;
}
