namespace Gflow.Client;

/// <summary>Whether and when one request is sent again after nobody did anything about it.</summary>
/// <param name="limit">From the first failure on, when the daemon has been there.</param>
internal sealed class Persistence(DaemonConnection connection, TimeProvider time, TimeSpan limit)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    /// <summary>A socket that refuses was left by a daemon that was killed: another may just be starting.</summary>
    private static readonly TimeSpan Starting = TimeSpan.FromSeconds(1);

    private TimeSpan _pause = First;
    private long? _failedAt;

    /// <summary>Pauses before the next try.</summary>
    /// <returns>False when there should be none.</returns>
    internal async Task<bool> AgainAsync(CancellationToken cancel)
    {
        _failedAt ??= time.GetTimestamp();
        var left = Patience() - time.GetElapsedTime(_failedAt.Value);
        if (left <= TimeSpan.Zero)
        {
            return false;
        }

        // Not all who lost the same daemon should come back in the same instant.
        var pause = _pause * (0.5 + (Random.Shared.NextDouble() / 2));
        _pause = Shorter(_pause * 2, Longest);
        await Task.Delay(Shorter(pause, left), time, cancel).ConfigureAwait(false);
        return true;
    }

    private TimeSpan Patience() => connection switch
    {
        { Reached: true } => limit,
        { LeftBehind: true } => Shorter(limit, Starting),
        _ => TimeSpan.Zero,
    };

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
