using System.Collections.Immutable;
using Gflow.Client.Platform;
using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Gpus.Nvml;

/// <summary>Says who the processes on the cards are.</summary>
/// <param name="accounts">Says what users are called.</param>
/// <param name="ignored">Absolute paths of programs that are not to be minded.</param>
internal sealed class CardProcesses(IJobExecutor executor, AccountDirectory accounts, IReadOnlyList<string> ignored)
{
    private static readonly TimeSpan OwnersPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan NamesPatience = TimeSpan.FromSeconds(1);

    /// <summary>Whose the processes are is asked of the launcher: what a process says of itself anybody may write. Those that have ended meanwhile, and those of other PID namespaces, are none.</summary>
    /// <returns>Null when nobody can be asked now: then what was seen before stands, and no job is started without a launcher anyway.</returns>
    public async Task<ImmutableArray<GpuProcess>?> OfAsync(IReadOnlyList<ProbedProcess> probed, CancellationToken ct)
    {
        if (probed.Count == 0)
        {
            return ImmutableArray<GpuProcess>.Empty;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(OwnersPatience);
        try
        {
            var owners = await executor.OwnersAsync([.. probed.Select(process => process.Pid).Distinct()], patience.Token);

            // A directory that hangs must not keep the cards from being read.
            var uids = owners.Select(owner => owner.Uid).Distinct().ToList();
            var users = uids.Zip(await Task.WhenAll(uids.Select(uid => accounts.OfAsync(uid, NamesPatience, ct).AsTask()))).ToDictionary();
            var harmless = ignored.Select(path => FileStatus.Of(path, follow: true)?.Identity).OfType<FileIdentity>().ToList();
            return ImmutableArray.CreateRange(
                from owner in owners
                join process in probed.GroupBy(process => process.Pid) on owner.Pid equals process.Key
                select new GpuProcess(owner.Pid, owner.StartTime)
                {
                    MemoryMb = process.Any(part => part.MemoryMb is null) ? null : process.Sum(part => part.MemoryMb),
                    User = (users[owner.Uid] ?? Account.Unnamed(owner.Uid)).Name,
                    Program = owner.Name,
                    Job = owner.JobId is { } job ? new JobId(job) : null,
                    IsHarmless = owner.Program is { } program && harmless.Contains(program),
                });
        }
        catch (Exception error) when (error is ExecutorUnavailableException || (error is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return null;
        }
    }
}
