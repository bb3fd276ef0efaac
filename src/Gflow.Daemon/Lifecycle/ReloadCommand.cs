using System.Runtime.InteropServices;
using Gflow.Daemon.Configuration.Reading;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Lifecycle;

/// <summary><c>gflowd reload</c>: has the daemon read its configuration again, after looking at it here, where problems can be shown.</summary>
internal sealed class ReloadCommand(VerbContext context)
{
    public async Task<int> RunAsync(CancellationToken ct)
    {
        // What only the daemon's own environment has, only the daemon can find.
        var load = context.Load(tolerated: SecretReader.NotHere);
        if (load.Problems.Any(problem => problem.Code != SecretReader.NotHere))
        {
            await context.Terminal.Error.WriteLineAsync("The running configuration was left as it is.");
            return VerbExitCodes.Failed;
        }

        if (await context.FindAsync(ct) is not { } found)
        {
            return VerbExitCodes.Failed;
        }

        if (found.Process is not { } process)
        {
            await context.Terminal.Error.WriteLineAsync($"gflowd is not running (looked at {found.Socket}).");
            return VerbExitCodes.Failed;
        }

        if (!process.Send(PosixSignal.SIGHUP))
        {
            await context.Terminal.Error.WriteLineAsync($"gflowd (pid {process.Pid}) cannot be told: it has just ended, or is another user's.");
            return VerbExitCodes.Failed;
        }

        context.TellRemarks(load);
        await context.Terminal.Out.WriteLineAsync($"gflowd (pid {process.Pid}) reads its configuration again; its log tells what came of it.");
        return VerbExitCodes.Done;
    }
}
