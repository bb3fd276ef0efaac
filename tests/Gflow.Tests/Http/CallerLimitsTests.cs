using System.Diagnostics;
using Gflow.Daemon.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gflow.Tests.Http;

/// <summary>What somebody asks for in excess is answered later, and others hear nothing of it.</summary>
public sealed class CallerLimitsTests : IDisposable
{
    private const uint Ana = 2001, Bob = 2002;

    private readonly CancellationTokenSource _end = new();
    private LimitOptions _now = new() { RequestsPerSecond = 10, RequestsAtOnce = 2, BodyMb = 1 };
    private readonly CallerLimits _limits;

    public CallerLimitsTests() => _limits = new(() => _now, null);

    public void Dispose()
    {
        _end.Cancel();
        _limits.Dispose();
        _end.Dispose();
    }

    [Fact]
    public async Task Requests_beyond_the_rate_wait_and_are_answered_all_the_same()
    {
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _limits.PaceAsync(From(Bob), Nothing)));
        Assert.InRange(Stopwatch.GetElapsedTime(begin).TotalSeconds, 0.7, 5);
    }

    [Fact]
    public async Task Nobody_waits_for_the_turn_of_another()
    {
        var waiting = Enumerable.Range(0, 1000).Select(_ => _limits.PaceAsync(From(Bob), Nothing)).ToList();
        Assert.True(_limits.PaceAsync(From(Ana), Nothing).IsCompletedSuccessfully);
        Assert.Contains(waiting, request => !request.IsCompleted);
        await EndAsync(waiting);
    }

    [Fact]
    public async Task So_many_are_worked_on_at_once_and_an_answer_without_an_end_is_none_of_them()
    {
        var end = new TaskCompletionSource();
        List<Task> busy = [Turn(Bob, _ => end.Task), Turn(Bob, _ => end.Task)];
        var next = Turn(Bob, Nothing);
        Assert.False(next.IsCompleted);
        Assert.True(Turn(Ana, Nothing).IsCompletedSuccessfully);
        end.SetResult();
        await Task.WhenAll([.. busy, next]);

        var stream = Turn(Bob, context =>
        {
            CallerLimits.Place.Of(context).Leave();
            return Task.Delay(Timeout.Infinite, _end.Token);
        });
        var both = new TaskCompletionSource();
        busy = [Turn(Bob, _ => both.Task), Turn(Bob, _ => both.Task)];
        next = Turn(Bob, Nothing);
        Assert.False(next.IsCompleted);
        both.SetResult();
        await Task.WhenAll([.. busy, next]);
        Assert.False(stream.IsCompleted);
    }

    [Fact]
    public async Task Each_piece_of_work_for_an_answer_without_an_end_counts_as_a_request()
    {
        var rounds = 0;
        var stream = Turn(Bob, async context =>
        {
            var place = CallerLimits.Place.Of(context);
            place.Leave();
            for (; rounds < 30; rounds++)
            {
                using (await place.TakeAsync(_end.Token))
                {
                }
            }
        });
        Assert.InRange(rounds, 1, 10);
        Assert.False(_limits.PaceAsync(From(Bob), Nothing).IsCompleted);
        Assert.True(_limits.PaceAsync(From(Ana), Nothing).IsCompletedSuccessfully);
        await EndAsync([stream]);
    }

    [Fact]
    public async Task Large_bodies_that_never_come_keep_their_senders_small_requests_from_nothing()
    {
        List<NeverComing> bodies = [.. Enumerable.Range(0, 20).Select(_ => new NeverComing())];
        var announced = bodies.ConvertAll(body => Turn(Bob, Nothing, body));
        await Turn(Bob, Nothing);
        Assert.All(announced, request => Assert.False(request.IsCompleted));
        Assert.Equal(4, bodies.Count(body => body.IsRead));
        await EndAsync(announced);
    }

    [Fact]
    public async Task A_changed_limit_holds_at_once()
    {
        var waiting = Enumerable.Range(0, 100).Select(_ => _limits.PaceAsync(From(Bob), Nothing)).ToList();
        _now = _now with { RequestsPerSecond = 0 };
        Assert.True(_limits.PaceAsync(From(Bob), Nothing).IsCompletedSuccessfully);
        Assert.Contains(waiting, request => !request.IsCompleted);
        await EndAsync(waiting);
    }

    [Fact]
    public async Task Who_has_the_daemon_for_himself_is_not_kept_waiting_unless_he_says_so()
    {
        _now = new();
        using var own = new CallerLimits(() => _now, Bob);
        Assert.All(Enumerable.Range(0, 10_000), _ => Assert.True(own.PaceAsync(From(Bob), Nothing).IsCompletedSuccessfully));
        Assert.Contains(Enumerable.Range(0, 10_000).Select(_ => own.PaceAsync(From(Ana), Nothing)), request => !request.IsCompleted);
        _now = new() { RequestsPerSecond = 5 };
        Assert.Contains(Enumerable.Range(0, 10).Select(_ => own.PaceAsync(From(Bob), Nothing)), request => !request.IsCompleted);
        await _end.CancelAsync();
    }

    private static Task Nothing(HttpContext context) => Task.CompletedTask;

    private Task Turn(uint uid, RequestDelegate next, NeverComing? body = null) => _limits.TurnAsync(From(uid, body), next);

    private DefaultHttpContext From(uint uid, NeverComing? body = null)
    {
        var context = new DefaultHttpContext { RequestAborted = _end.Token };
        context.Features.Set(new Peer(uid, null));
        if (body is not null)
        {
            context.Features.Set<IHttpRequestBodyDetectionFeature>(body);
            context.Request.Body = body;
            context.Request.ContentLength = 1 << 20;
        }

        return context;
    }

    /// <summary>They go, as callers do who have had enough.</summary>
    private async Task EndAsync(IEnumerable<Task> requests)
    {
        await _end.CancelAsync();
        await Task.WhenAll(requests).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    private sealed class NeverComing : MemoryStream, IHttpRequestBodyDetectionFeature
    {
        public bool IsRead { get; private set; }

        public bool CanHaveBody => true;

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
        {
            IsRead = true;
            return Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
