using Gflow.Daemon.Engine;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Gflow.Daemon.Http;

/// <summary>What answers without an end have in common.</summary>
internal static class StreamWait
{
    /// <summary>Lets an answer run until its reader or the daemon goes, and lets the reader pause as long as he likes.</summary>
    /// <returns>Cancelled when either is gone; the caller disposes of it.</returns>
    public static CancellationTokenSource Open(HttpContext context)
    {
        CallerLimits.Place.Of(context).Leave();

        // A pager that shows one page and waits for a key is no attack.
        context.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate = null;
        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        return CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
    }

    /// <inheritdoc cref="CommitAsync(IReadOnlyList{ValueTuple{CommitSignal, long}}, TimeSpan, TimeProvider, CancellationToken)"/>
    public static Task<bool> CommitAsync(CommitSignal commits, long afterSeq, TimeSpan patience, TimeProvider time, CancellationToken ct) =>
        CommitAsync([(commits, afterSeq)], patience, time, ct);

    /// <summary>Waits until one of the signals has grown beyond its number, at most for <paramref name="patience"/>.</summary>
    /// <returns>Whether one has.</returns>
    public static async Task<bool> CommitAsync(
        IReadOnlyList<(CommitSignal Signal, long AfterSeq)> signals, TimeSpan patience, TimeProvider time, CancellationToken ct)
    {
        using var round = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var pause = Task.Delay(patience, time, round.Token);
        var first = await Task.WhenAny([pause, .. signals.Select(signal => signal.Signal.WaitAsync(signal.AfterSeq, round.Token))]);
        await round.CancelAsync();
        ct.ThrowIfCancellationRequested();
        return first != pause;
    }
}
