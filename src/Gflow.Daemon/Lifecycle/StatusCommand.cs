using System.Text.Json;
using Gflow.Client.Configuration;
using Gflow.Core.Contracts;
using Gflow.Daemon.Lifecycle.Rendering;

namespace Gflow.Daemon.Lifecycle;

/// <summary><c>gflowd status</c>: asks the daemon how it is, however it was started.</summary>
internal sealed class StatusCommand(VerbContext context, bool json)
{
    public async Task<int> RunAsync(CancellationToken ct)
    {
        var found = await context.FindAsync(ct);
        if ((found.Status ?? await SharedAsync(found, ct)) is { } status)
        {
            await context.Terminal.Out.WriteAsync(json ? Line(JsonSerializer.Serialize(status, WireJson.Default.StatusAnswer)) : StatusText.Format(status))
                ;
            return VerbContext.Done;
        }

        var (code, text, exit) = found.Process is { } process
            ? ("no_answer", $"gflowd (pid {process.Pid}) is running but does not answer on {found.Socket}.", VerbContext.Failed)
            : ("not_running", $"gflowd is not running (looked at {found.Socket}). Start it with: gflowd start", VerbContext.NotRunning);
        await context.Terminal.Out.WriteAsync(Line(json
            ? JsonSerializer.Serialize(new ErrorAnswer(text, [new WireProblem(code, text)]), WireJson.Default.ErrorAnswer)
            : text));
        return exit;
    }

    /// <summary>The machine's daemon answers for those who have none of their own, as it does to all commands.</summary>
    private async Task<StatusAnswer?> SharedAsync(RunningDaemon found, CancellationToken ct)
    {
        if (found.Process is not null || ClientOptions.Load(context.ConfigPath, context.Environment, context.Paths) is not { Ok: true, Value.SharedSocket: { } socket })
        {
            return null;
        }

        using var call = new DaemonCall(socket);
        return await call.StatusAsync(ct);
    }

    private static string Line(string text) => text + "\n";
}
