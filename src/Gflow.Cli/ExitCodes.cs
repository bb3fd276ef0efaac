namespace Gflow.Cli;

/// <summary>How every command but <c>gjob wait</c> ends.</summary>
internal static class ExitCodes
{
    internal const int Done = 0;

    /// <summary>The daemon said no, or something failed.</summary>
    internal const int Refused = 1;

    /// <summary>The command line is wrong.</summary>
    internal const int Usage = 2;

    /// <summary>No daemon answers.</summary>
    internal const int Unreachable = 3;

    /// <summary>Of <c>gctl notify status</c>: a target is ill.</summary>
    internal const int Ill = 4;
}
