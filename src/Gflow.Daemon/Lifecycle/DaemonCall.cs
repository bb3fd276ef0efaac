using Gflow.Client;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Daemon.Lifecycle;

/// <summary>Asks the daemon of this home, and no other: over its Unix socket alone.</summary>
/// <param name="user">As whom it serves, when that is not the caller himself.</param>
internal sealed class DaemonCall(string socket, string? user = null) : IDisposable
{
    private static readonly JobQuery Ending = new() { States = [JobState.Queued, JobState.Running] };

    private readonly GflowClient _client = new(socket, user) { Patience = TimeSpan.FromSeconds(10), RetryFor = TimeSpan.Zero };

    /// <returns>The answer; null when there is no daemon, or none that answers this.</returns>
    public async Task<StatusAnswer?> StatusAsync(CancellationToken ct) => Answer(await _client.StatusAsync(ct));

    /// <inheritdoc cref="StatusAsync"/>
    public async Task<HealthAnswer?> HealthAsync(CancellationToken ct) => Answer(await _client.HealthAsync(ct));

    /// <summary>Jobs that run or would start.</summary>
    public async Task<List<JobView>?> EndingAsync(CancellationToken ct) => Answer(await _client.ListAsync(Ending, ct));

    /// <summary>Cancels a job.</summary>
    /// <returns>Whether it will end or has ended; false when the daemon does not say so.</returns>
    public async Task<bool> CancelAsync(uint job, CancellationToken ct)
    {
        var answer = await _client.CancelAsync(new JobId(job), ct);
        return answer.Ok || answer.Failure is ClientFailure.Refused { Status: 409 };
    }

    public void Dispose() => _client.Dispose();

    private static T? Answer<T>(ClientResult<T> result)
        where T : class => result.Ok ? result.Value : null;
}
