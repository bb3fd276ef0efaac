using System.Text.Json;
using Gflow.Client;
using Gflow.Client.CommandLine;
using Gflow.Client.Configuration;
using Gflow.Core.Contracts;
using Gflow.Daemon.Lifecycle.Rendering;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Lifecycle;

/// <summary><c>gflowd status</c>: asks the daemon that all commands ask how it is, however it was started.</summary>
/// <param name="check">Whether the exit code is to say that something is ill.</param>
internal sealed class StatusCommand(VerbContext context, bool json, bool check)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task<int> RunAsync(CancellationToken ct)
    {
        var options = ClientOptions.Load(context.ConfigPath, context.Environment, GflowPaths.From(context.Environment));
        if (!options.Ok)
        {
            context.Tell(options.Problems);
            return VerbExitCodes.Failed;
        }

        using var client = new GflowClient(options.Value) { Patience = Patience, RetryFor = TimeSpan.Zero };
        var answer = await client.StatusAsync(ct);
        if (answer.Ok)
        {
            await context.Terminal.Out.WriteAsync(json ? Line(JsonSerializer.Serialize(answer.Value, CommandJson.Default.StatusAnswer)) : StatusText.Format(answer.Value));
            return check && answer.Value.Ill.Count > 0 ? VerbExitCodes.Ill : VerbExitCodes.Done;
        }

        return answer.Failure switch
        {
            ClientFailure.Foreign foreign => await TellAsync("foreign_listener", foreign.Message, VerbExitCodes.NotRunning),
            ClientFailure.Refused refused => await TellAsync("refused", refused.Message, VerbExitCodes.Failed),
            _ => await TellWhyAsync(options.Value.Socket, ct),
        };
    }

    private async Task<int> TellWhyAsync(string socket, CancellationToken ct)
    {
        if (await context.FindAsync(ct) is not { } found)
        {
            return VerbExitCodes.Failed;
        }

        return found switch
        {
            { Process: null } => await TellAsync("not_running", $"gflowd is not running (looked at {socket}). Start it with: gflowd start", VerbExitCodes.NotRunning),
            { Status: null, Process.Pid: var pid } => await TellAsync("no_answer", $"gflowd (pid {pid}) is running but does not answer on {found.Socket}.", VerbExitCodes.Failed),
            { Process.Pid: var pid } => await TellAsync(
                "elsewhere",
                $"gflowd (pid {pid}) is running with another configuration and listens on {found.Socket}, where commands with this one do not look ({socket}). Let both use one configuration: gflowd restart",
                VerbExitCodes.Failed),
        };
    }

    private async Task<int> TellAsync(string code, string text, int exit)
    {
        await context.Terminal.Out.WriteAsync(Line(json ? JsonSerializer.Serialize(new ErrorAnswer(text, [new WireProblem(code, text)]), CommandJson.Default.ErrorAnswer) : text));
        return exit;
    }

    private static string Line(string text) => text + "\n";
}
