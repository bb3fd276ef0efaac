using System.Runtime.InteropServices;
using Gflow.Core.Jobs;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Lifecycle;

/// <summary><c>gflowd stop</c>: stops the daemon, however it was started, and waits until it is gone.</summary>
/// <param name="cancelJobs">Whether queued and running jobs are cancelled first.</param>
internal sealed class StopCommand(VerbContext context, bool cancelJobs)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan CancelPatience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    public async Task<int> RunAsync(CancellationToken ct)
    {
        if (await context.FindAsync(ct) is not { } found)
        {
            return VerbExitCodes.Failed;
        }

        if (found.Process is not { } process)
        {
            await context.Terminal.Error.WriteLineAsync($"gflowd is not running (looked at {found.Socket}).");
            return VerbExitCodes.Failed;
        }

        if (cancelJobs && !await CancelJobsAsync(found, ct))
        {
            return VerbExitCodes.Failed;
        }

        using var call = new DaemonCall(found.Socket, found.User);
        var left = (await call.StatusAsync(ct))?.RunningJobs;
        if (!process.Send(PosixSignal.SIGTERM) && process.IsAlive)
        {
            await context.Terminal.Error.WriteLineAsync($"gflowd (pid {process.Pid}) is another user's and cannot be stopped by you.");
            return VerbExitCodes.Failed;
        }

        if (!await UntilAsync(() => Task.FromResult(!process.IsAlive), Patience, ct))
        {
            await context.Terminal.Error.WriteLineAsync(
                $"gflowd (pid {process.Pid}) was told to stop and is still there after {Patience.TotalSeconds:0} s.");
            return VerbExitCodes.Failed;
        }

        await context.Terminal.Out.WriteLineAsync("gflowd stopped." + Left(left));
        return VerbExitCodes.Done;
    }

    private static string Left(int? jobs) => jobs switch
    {
        null or 0 => "",
        1 => " 1 job goes on running; the next start takes it over.",
        _ => $" {jobs} jobs go on running; the next start takes them over.",
    };

    /// <summary>Queued jobs too: they would start as soon as others make room.</summary>
    private async Task<bool> CancelJobsAsync(RunningDaemon found, CancellationToken ct)
    {
        using var call = new DaemonCall(found.Socket, found.User);
        if (found.Status is null)
        {
            await context.Terminal.Error.WriteLineAsync(
                $"gflowd (pid {found.Process?.Pid}) does not answer, so its jobs cannot be cancelled; without --cancel-jobs it can be stopped.");
            return false;
        }

        var cancelled = new HashSet<uint>();
        var gone = await UntilAsync(
            async () =>
            {
                if (await call.EndingAsync(ct) is not { } live)
                {
                    return false;
                }

                // The queue first, or its jobs would start into the places of those that end.
                foreach (var job in live.Where(job => !cancelled.Contains(job.Id)).OrderBy(job => job.State == nameof(JobState.Running)))
                {
                    if (await call.CancelAsync(job.Id, ct))
                    {
                        cancelled.Add(job.Id);
                    }
                }

                return live.Count == 0;
            },
            CancelPatience,
            ct);
        if (!gone)
        {
            await context.Terminal.Error.WriteLineAsync(
                $"Jobs were cancelled but some are still there after {CancelPatience.TotalMinutes:0} minutes; gflowd was not stopped.");
            return false;
        }

        await context.Terminal.Out.WriteLineAsync($"Cancelled {cancelled.Count} job{(cancelled.Count == 1 ? "" : "s")}.");
        return true;
    }

    private async Task<bool> UntilAsync(Func<Task<bool>> condition, TimeSpan patience, CancellationToken ct)
    {
        var begun = context.Time.GetTimestamp();
        while (!await condition())
        {
            if (context.Time.GetElapsedTime(begun) > patience)
            {
                return false;
            }

            await Task.Delay(LookAgain, context.Time, ct);
        }

        return true;
    }
}
