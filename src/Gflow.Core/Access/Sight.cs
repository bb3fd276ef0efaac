namespace Gflow.Core.Access;

/// <summary>What somebody sees of a job beside what everybody sees of every job.</summary>
/// <param name="Own">All of it: he owns it, or is an administrator.</param>
/// <param name="Command">What is run and where: command, script, arguments, working directory, and why that could not be started.</param>
/// <param name="Log">What it writes, and the path of that.</param>
public sealed record Sight(bool Own, bool Command, bool Log)
{
    public static readonly Sight Whole = new(Own: true, Command: true, Log: true);
}
