using System.Threading.Channels;

namespace Gflow.Daemon.Execution;

/// <summary>
/// What runs the jobs' processes. It outlives the daemon: everything it has started goes on, and every end it has seen
/// is kept, until a later daemon connects and acknowledges it.
/// </summary>
/// <remarks>
/// All members but <see cref="ConnectAsync"/> may be called concurrently, and many calls may be in flight at once.
/// A lost connection is fixed inside: calls in flight are asked again and <see cref="ExecutorReport.Reconnected"/> tells
/// what was found. Calls fail with <see cref="ExecutorUnavailableException"/> only when it cannot be fixed.
/// </remarks>
internal interface IJobExecutor : IAsyncDisposable
{
    /// <summary>
    /// Finds the running executor or starts one. To be called once, before everything else.
    /// </summary>
    /// <returns>
    /// All (job, attempt) pairs it has: running ones, and those that ended and were not acknowledged. The ends of the
    /// latter arrive through <see cref="Reports"/> as well.
    /// </returns>
    /// <exception cref="ExecutorUnavailableException">It can neither be reached nor started, or refuses this daemon.</exception>
    Task<IReadOnlyList<ExecutorJob>> ConnectAsync(CancellationToken ct);

    /// <summary>
    /// Starts a job's main process, at most once for each (job, attempt) however often it is asked and whoever crashed in
    /// between; asking again answers with what is known. Cancelling <paramref name="ct"/> ends the waiting, not the start.
    /// </summary>
    Task<LaunchOutcome> StartAsync(LaunchRequest request, CancellationToken ct);

    /// <summary>
    /// Sends a signal to every process of a job: its session and all descendants, wherever they went. A job that is
    /// unknown or already gone is no error: ends and signals cross each other.
    /// </summary>
    /// <param name="jobId">The job.</param>
    /// <param name="attempt">Which of its attempts.</param>
    /// <param name="signal">The kernel's number, 1 to 64.</param>
    /// <param name="ct">Ends the waiting.</param>
    Task SignalAsync(uint jobId, int attempt, int signal, CancellationToken ct);

    /// <summary>
    /// Lets go of a job that is gone; to be called after its end is safely stored. Until then the end is reported again
    /// at each connect, and from then on the pair counts as never started. Has no effect on a job that is unknown or has
    /// a process left.
    /// </summary>
    Task AcknowledgeAsync(uint jobId, int attempt, CancellationToken ct);

    /// <summary>
    /// Says who processes are and whose. Those that have ended are left out.
    /// </summary>
    Task<IReadOnlyList<ProcessOwner>> OwnersAsync(IReadOnlyList<int> pids, CancellationToken ct);

    /// <summary>
    /// What happened, in order per job. Each end arrives at least once and may arrive again after a reconnect, so the
    /// reader must bear repetitions. Completed when the executor is disposed of or superseded.
    /// </summary>
    ChannelReader<ExecutorReport> Reports { get; }
}
