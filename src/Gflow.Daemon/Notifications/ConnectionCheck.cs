namespace Gflow.Daemon.Notifications;

/// <summary>What came of reaching for a target.</summary>
internal sealed record TriedTarget(string Name, ReachedTarget Reached);

/// <summary>Reaches for targets, and sends nothing.</summary>
internal static class ConnectionCheck
{
    /// <param name="ownPort">Where the daemon itself listens, which no target may be.</param>
    public static async Task<IReadOnlyList<TriedTarget>> RunAsync(IReadOnlyList<TargetOptions> targets, int ownPort, TimeProvider time, CancellationToken ct)
    {
        var connector = new GuardedConnector(new SystemNameResolver(), () => ownPort);
        return await Task.WhenAll(targets.Select(TryAsync));

        async Task<TriedTarget> TryAsync(TargetOptions target)
        {
            using var timeout = new CancellationTokenSource(target.Timeout, time);
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
            await using var sink = target.Open(time, connector);
            try
            {
                return new(target.Name, await sink.ReachAsync(deadline.Token));
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                return new(target.Name, new ReachedTarget("", FormattableString.Invariant($"not done within {target.Timeout.TotalSeconds} s")));
            }
        }
    }
}
