using Gflow.Cli.Rendering;
using Gflow.Client.CommandLine;

namespace Gflow.Cli.Gctl.Notify;

/// <summary><c>gctl notify status</c>: a line for each target, and an exit code for monitoring.</summary>
internal static class NotifyStatusCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "status",
        Summary = "Show how every target is; exits with 4 when one is ill",
        Notes =
        [
            "HEALTH is ok; unproven before the first message; failing when the last attempt failed; stopped when only probes go to it; gone after a 410; paused by somebody; off while notifications are switched off.",
            "A target is ill when it is stopped or gone, or when something has waited for it for more than 5 minutes. A paused one is not. LAST ERROR is in the server's own words, since the daemon was started.",
            "On a narrow terminal each target has lines of its own, and what does not apply is left out.",
        ],
        Examples = [new("gctl notify status", "All targets"), new("gctl notify status --json", "For programs")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var targets = Invocation.Need(await invocation.Client.TargetsAsync(cancel));
        var code = invocation.AnswerList(
            "targets",
            targets,
            CommandJson.Default.ListTargetView,
            "No targets are configured.",
            () => NotificationText.WriteTargets(invocation.Out, targets, invocation.Now, invocation.Palette, invocation.Context.Width));
        return targets.Exists(target => target.Ill) ? ExitCodes.Ill : code;
    }
}
