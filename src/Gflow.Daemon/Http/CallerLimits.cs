using System.Threading.RateLimiting;

namespace Gflow.Daemon.Http;

/// <summary>
/// Has each user wait for his own turn, so that what somebody asks for in excess costs him time and nobody else. Nothing is refused:
/// who waits holds a connection, and of these he has so many.
/// </summary>
/// <param name="options">What holds now.</param>
/// <param name="owner">Who has the daemon for himself and keeps nobody else waiting; null in one for everybody.</param>
internal sealed class CallerLimits(Func<LimitOptions> options, uint? owner) : IDisposable
{
    private const int UsualPerSecond = 2000;

    /// <summary>A commit takes some requests together; more than a few at once would keep the processors from others.</summary>
    private const int UsualAtOnce = 4;

    /// <summary>What could not be told whose it is counts as one user's.</summary>
    private const long Nobody = -1;

    /// <summary>So many of the largest bodies are read at once.</summary>
    private const int LargestBodies = 4;

    /// <summary>In KiB. Smaller ones take no more memory than their connections do.</summary>
    private const int LargeBody = 64;

    private const int RefillsPerSecond = 10;

    private readonly PartitionedRateLimiter<HttpContext> _pace = Partitioned(context =>
    {
        var (user, now) = (UserOf(context), options());
        var rate = Most(now.RequestsPerSecond, UsualPerSecond, user, owner);
        return rate == 0 ? RateLimitPartition.GetNoLimiter((user, rate)) : RateLimitPartition.GetTokenBucketLimiter((user, rate), key => new()
        {
            TokenLimit = key.Item2,
            TokensPerPeriod = Refill(key.Item2),
            ReplenishmentPeriod = TimeSpan.FromSeconds(1) * Refill(key.Item2) / key.Item2,
            QueueLimit = int.MaxValue,
        });
    });

    private readonly PartitionedRateLimiter<HttpContext> _bodies = Partitioned(context =>
        RateLimitPartition.GetConcurrencyLimiter((UserOf(context), MostKb(options())), static key => Queued(key.Item2)));

    private readonly PartitionedRateLimiter<HttpContext> _places = Places(options, owner, int.MaxValue);

    /// <summary>Who has hundreds of streams has them read one after the other.</summary>
    private readonly PartitionedRateLimiter<HttpContext> _lots = Places(options, owner, 1);

    /// <summary>Before anything is done for a request.</summary>
    public async Task PaceAsync(HttpContext context, RequestDelegate next)
    {
        using var token = await _pace.AcquireAsync(context, 1, context.RequestAborted);
        await next(context);
    }

    /// <summary>Before its route: when its body is there, and for as long as it takes.</summary>
    public async Task TurnAsync(HttpContext context, RequestDelegate next)
    {
        using var room = BodyKb(context) is var size and > LargeBody ? await _bodies.AcquireAsync(context, size, context.RequestAborted) : null;
        await RequestBody.BytesAsync(context);
        using var place = await _places.AcquireAsync(context, 1, context.RequestAborted);
        context.Features.Set(new Place(this, context, place));
        await next(context);
    }

    public void Dispose()
    {
        _pace.Dispose();
        _bodies.Dispose();
        _places.Dispose();
        _lots.Dispose();
    }

    /// <param name="limit">The most, whatever the configuration allows.</param>
    private static PartitionedRateLimiter<HttpContext> Places(Func<LimitOptions> options, uint? owner, int limit) => Partitioned(context =>
    {
        var user = UserOf(context);
        var most = Math.Min(limit, Most(options().RequestsAtOnce, UsualAtOnce, user, owner));
        return most == 0 ? RateLimitPartition.GetNoLimiter((user, most)) : RateLimitPartition.GetConcurrencyLimiter((user, most), static key => Queued(key.Item2));
    });

    private static PartitionedRateLimiter<HttpContext> Partitioned(Func<HttpContext, RateLimitPartition<(long, int)>> partition) => PartitionedRateLimiter.Create(partition);

    private static ConcurrencyLimiterOptions Queued(int most) => new() { PermitLimit = most, QueueLimit = int.MaxValue };

    private static int Refill(int perSecond) => Math.Max(1, perSecond / RefillsPerSecond);

    private static long UserOf(HttpContext context) => context.Features.Get<Peer>()?.Uid ?? Nobody;

    private static int Most(int? set, int usual, long user, uint? owner) => set ?? (user == owner ? 0 : usual);

    private static int MostKb(LimitOptions now) => (int)(now.BodyMb << 10) * LargestBodies;

    /// <summary>One that does not say its length may have all there may be.</summary>
    private int BodyKb(HttpContext context) => BodyRules.HasBody(context) ? (int)Math.Min((context.Request.ContentLength ?? long.MaxValue) >> 10, options().BodyMb << 10) : 0;

    /// <summary>That of a request among those that are worked on at once.</summary>
    public sealed class Place(CallerLimits limits, HttpContext context, RateLimitLease own)
    {
        public static Place Of(HttpContext context) => context.Features.Get<Place>()
            ?? throw new InvalidOperationException("The request has not waited for its turn.");

        /// <summary>An answer without an end gives its place to the next request; it holds its connection.</summary>
        public void Leave() => own.Dispose();

        /// <summary>Takes the one that the user's streams have, for a piece of work, which counts as a request.</summary>
        public async ValueTask<RateLimitLease> TakeAsync(CancellationToken ct)
        {
            using var token = await limits._pace.AcquireAsync(context, 1, ct);
            return await limits._lots.AcquireAsync(context, 1, ct);
        }
    }
}
