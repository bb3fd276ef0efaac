using System.Net.Sockets;
using Gflow.Client;
using Gflow.Core.Jobs;
using Gflow.Tests.TestKit;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Gflow.Tests.Client;

/// <summary>What a client does when it is not answered.</summary>
public sealed class RetryTests : IAsyncLifetime
{
    private const string KeyHeader = "Idempotency-Key";

    private static readonly Dictionary<string, Func<GflowClient, Task<ClientFailure?>>> Changes = new()
    {
        ["POST /jobs"] = async client => (await client.SubmitAsync(new() { Command = "a" }, Cancel)).Failure,
        ["POST /jobs/batch"] = async client => (await client.SubmitBatchAsync([new() { Command = "a" }], Cancel)).Failure,
        ["POST /jobs/1/redo"] = async client => (await client.RedoAsync(new JobId(1), new() { Priority = 3 }, cascade: false, Cancel)).Failure,
        ["POST /jobs/1/cancel"] = async client => (await client.CancelAsync(new JobId(1), Cancel)).Failure,
        ["POST /jobs/1/hold"] = async client => (await client.HoldAsync(new JobId(1), Cancel)).Failure,
        ["POST /jobs/1/release"] = async client => (await client.ReleaseAsync(new JobId(1), Cancel)).Failure,
        ["PATCH /jobs/1"] = async client => (await client.UpdateAsync(new JobId(1), new() { Priority = 3 }, Cancel)).Failure,
        ["POST /reservations"] = async client => (await client.ReserveAsync(new() { GpuCount = 1 }, Cancel)).Failure,
        ["DELETE /reservations/1"] = async client => (await client.CancelReservationAsync(new(1), Cancel)).Failure,
    };

    private ScriptedDaemon _daemon = null!;

    public static TheoryData<string> Targets => [.. Changes.Keys];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _daemon = await ScriptedDaemon.StartAsync();

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task A_change_without_an_answer_is_sent_again_as_it_was_with_its_key(string target)
    {
        CutFirst(target, "{\"error\":\"the answer\"}", 409);
        using var client = _daemon.Client();

        var refused = Assert.IsType<ClientFailure.Refused>(await Changes[target](client));

        Assert.Equal("the answer", refused.Text);
        var (first, second) = (_daemon.Seen.First(), _daemon.Seen.Last());
        Assert.Equal(2, _daemon.Seen.Count);
        Assert.Equal((first.Target, first.Query, first.Body), (second.Target, second.Query, second.Body));
        Assert.Equal(first.Headers[KeyHeader], second.Headers[KeyHeader]);
        Assert.InRange(first.Headers[KeyHeader].Length, 1, 255);
    }

    [Fact]
    public async Task Each_action_of_a_user_has_a_key_of_its_own()
    {
        _daemon.On("POST /jobs/1/hold", """{"id":1,"state":"Hold"}""");
        using var client = _daemon.Client();

        Assert.True((await client.HoldAsync(new JobId(1), Cancel)).Ok);
        Assert.True((await client.HoldAsync(new JobId(1), Cancel)).Ok);

        Assert.Equal(2, _daemon.Seen.Select(request => request.Headers[KeyHeader]).Distinct().Count());
    }

    [Fact]
    public async Task A_question_is_asked_again_and_has_no_key()
    {
        CutFirst("GET /health", """{"status":"ok","pid":5}""");
        using var client = _daemon.Client();

        Assert.Equal("ok", (await client.HealthAsync(Cancel)).Value.Status);

        Assert.Equal(2, _daemon.Seen.Count);
        Assert.DoesNotContain(_daemon.Seen, request => request.Headers.ContainsKey(KeyHeader));
    }

    [Fact]
    public async Task An_answer_that_broke_off_is_asked_for_again()
    {
        var calls = 0;
        _daemon.On("POST /jobs", async context =>
        {
            context.Response.StatusCode = 201;
            context.Response.ContentLength = 26;
            await context.Response.WriteAsync("""{"id":7,"run""", Cancel);
            if (++calls == 1)
            {
                await context.Response.Body.FlushAsync(Cancel);
                context.Abort();
                return;
            }

            await context.Response.WriteAsync("""_name":"gjob"}""", Cancel);
        });
        using var client = _daemon.Client();

        Assert.Equal(7u, (await client.SubmitAsync(new() { Command = "a" }, Cancel)).Value.Id);
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task Trying_again_has_an_end()
    {
        var time = new FakeTimeProvider();
        _daemon.On("POST /jobs", context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        using var client = new GflowClient(_daemon.Options) { Time = time };
        var begun = time.GetTimestamp();

        var submitting = client.SubmitAsync(new() { Command = "a" }, Cancel);
        await Until.TrueAsync(() => submitting.IsCompleted, time);

        Assert.IsType<ClientFailure.Unreachable>((await submitting).Failure);
        Assert.True(time.GetElapsedTime(begun) >= client.RetryFor);
        Assert.Single(_daemon.Seen.Select(request => request.Headers[KeyHeader]).Distinct());
        Assert.InRange(_daemon.Seen.Count, 10, 40);
    }

    [Fact]
    public async Task A_client_without_persistence_tries_once()
    {
        CutFirst("POST /jobs", """{"id":7,"run_name":"gjob"}""");
        using var client = new GflowClient(_daemon.Options) { RetryFor = TimeSpan.Zero };

        Assert.IsType<ClientFailure.Unreachable>((await client.SubmitAsync(new() { Command = "a" }, Cancel)).Failure);
        Assert.Single(_daemon.Seen);
    }

    [Fact]
    public async Task A_socket_that_is_not_there_is_no_daemon_to_wait_for()
    {
        // Nobody moves this clock, so a pause would never end.
        using var client = new GflowClient("/nonexistent/x.sock") { Time = new FakeTimeProvider() };

        Assert.IsType<ClientFailure.Unreachable>((await client.SubmitAsync(new() { Command = "a" }, Cancel)).Failure);
    }

    [Fact]
    public async Task A_socket_that_refuses_is_given_a_moment()
    {
        var time = new FakeTimeProvider();
        var path = Path.Combine(Path.GetDirectoryName(_daemon.Socket)!, "left.sock");
        using var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        left.Bind(new UnixDomainSocketEndPoint(path));
        using var client = new GflowClient(path) { Time = time };
        var begun = time.GetTimestamp();

        var submitting = client.SubmitAsync(new() { Command = "a" }, Cancel);
        await Until.TrueAsync(() => submitting.IsCompleted, time);

        Assert.Contains("connection refused", (await submitting).Failure!.Message, StringComparison.Ordinal);
        Assert.InRange(time.GetElapsedTime(begun), TimeSpan.FromSeconds(1), client.RetryFor);
    }

    [Fact]
    public async Task A_refusal_is_an_answer()
    {
        _daemon.Refuse("POST /jobs", 503, "the disk is full");
        using var client = _daemon.Client();

        Assert.Equal(503, Assert.IsType<ClientFailure.Refused>((await client.SubmitAsync(new() { Command = "a" }, Cancel)).Failure).Status);
        Assert.Single(_daemon.Seen);
    }

    [Fact]
    public async Task A_daemon_that_is_stopping_is_not_the_last_word()
    {
        var calls = 0;
        _daemon.On("POST /jobs", async context =>
        {
            context.Response.StatusCode = ++calls == 1 ? 503 : 201;
            await context.Response.WriteAsync(calls == 1
                ? """{"error":"The daemon is stopping.","problems":[{"code":"stopping","message":"The daemon is stopping."}]}"""
                : """{"id":7,"run_name":"gjob"}""");
        });
        using var client = _daemon.Client();

        Assert.Equal(7u, (await client.SubmitAsync(new() { Command = "a" }, Cancel)).Value.Id);
        Assert.Single(_daemon.Seen.Select(request => request.Headers[KeyHeader]).Distinct());
    }

    [Fact]
    public async Task A_daemon_with_more_callers_than_can_wait_is_tried_until_there_is_room()
    {
        var path = Path.Combine(Path.GetDirectoryName(_daemon.Socket)!, "crowded.sock");
        using var crowded = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        crowded.Bind(new UnixDomainSocketEndPoint(path));
        crowded.Listen(0);
        using var waiting = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await waiting.ConnectAsync(new UnixDomainSocketEndPoint(path), Cancel);
        var time = new FakeTimeProvider();
        using var client = new GflowClient(path) { Time = time };
        var begun = time.GetTimestamp();

        var submitting = client.SubmitAsync(new() { Command = "a" }, Cancel);
        await Until.TrueAsync(() => submitting.IsCompleted, time);

        Assert.Contains("too many callers", (await submitting).Failure!.Message, StringComparison.Ordinal);
        Assert.True(time.GetElapsedTime(begun) >= client.RetryFor);
    }

    /// <summary>The first request is read and the connection cut; the next is answered.</summary>
    private void CutFirst(string target, string json, int status = 200)
    {
        var calls = 0;
        _daemon.On(target, async context =>
        {
            if (++calls == 1)
            {
                context.Abort();
                return;
            }

            context.Response.StatusCode = status;
            await context.Response.WriteAsync(json);
        });
    }
}
