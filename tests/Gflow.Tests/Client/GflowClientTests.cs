using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Gflow.Client;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Tests.TestKit;
using Microsoft.AspNetCore.Http;

namespace Gflow.Tests.Client;

public sealed class GflowClientTests : IAsyncLifetime
{
    private ScriptedDaemon _daemon = null!;
    private GflowClient _client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _daemon = await ScriptedDaemon.StartAsync();
        _client = _daemon.Client();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _daemon.DisposeAsync();
    }

    [Fact]
    public async Task Each_method_asks_its_route()
    {
        _daemon.WithJobs(SampleJobs.Job(1, JobState.Queued))
            .On("POST /jobs/batch", """[{"id":1,"run_name":"a"},{"id":2,"run_name":"b"}]""", 201)
            .On("GET /health", """{"status":"ok","pid":5}""")
            .On("POST /jobs/1/hold", """{"id":1,"state":"Hold"}""");

        Assert.Equal(2, (await _client.SubmitBatchAsync([new() { Command = "a" }, new() { Command = "b" }], Cancel)).Value.Count);
        Assert.Equal("ok", (await _client.HealthAsync(Cancel)).Value.Status);
        Assert.Equal("Hold", (await _client.HoldAsync(new JobId(1), Cancel)).Value.State);
        Assert.Equal("Queued", (await _client.GetAsync(new JobId(1), Cancel)).Value.State);
        Assert.Single((await _client.ListAsync(new() { Users = ["a&b"], CreatedAfter = DateTimeOffset.UnixEpoch.AddSeconds(5) }, Cancel)).Value);
        Assert.Equal("?user=a%26b&created_after=5&sparse=true", _daemon.Single("GET /jobs").Query);
    }

    [Theory]
    [InlineData(400, """{"error":"a; b","problems":[{"code":"x","message":"a","field":"gpus"},{"code":"y","message":"b"}]}""", "a; b", 2)]
    [InlineData(503, """{"error":"read-only"}""", "read-only", 0)]
    [InlineData(404, "", "not found", 0)]
    [InlineData(404, "null", "not found", 0)]
    [InlineData(418, "plain text", "plain text", 0)]
    [InlineData(500, "", "the daemon answered with status 500 and no reason", 0)]
    public async Task A_refusal_carries_what_the_daemon_said(int status, string body, string text, int problems)
    {
        _daemon.On("GET /jobs/1", body, status);

        var refused = Assert.IsType<ClientFailure.Refused>((await _client.GetAsync(new JobId(1), Cancel)).Failure);

        Assert.Equal((status, text, problems), (refused.Status, refused.Text, refused.Problems.Count));
    }

    [Fact]
    public async Task A_conflict_carries_the_state()
    {
        _daemon.Refuse("POST /jobs/1/cancel", 409, "job 1 is Finished", "Finished");

        Assert.Equal("Finished", Assert.IsType<ClientFailure.Refused>((await _client.CancelAsync(new JobId(1), Cancel)).Failure).State);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    public async Task An_answer_that_makes_no_sense_is_a_failure(string body)
    {
        _daemon.On("GET /jobs/1", body);

        Assert.Contains("could not be read", (await _client.GetAsync(new JobId(1), Cancel)).Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_daemon_is_not_waited_for_for_ever()
    {
        _daemon.On("GET /info", context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using var impatient = new GflowClient(_daemon.Options) { Patience = TimeSpan.FromMilliseconds(50) };

        Assert.IsType<ClientFailure.Timeout>((await impatient.InfoAsync(Cancel)).Failure);
    }

    [Fact]
    public async Task A_connection_at_rest_is_used_again_and_a_dead_one_is_not()
    {
        _daemon.On("GET /info", """{"gpus":[],"allowed_gpu_indices":null,"gpu_allocation_strategy":"sequential","executor":"process"}""");
        for (var i = 0; i < 3; i++)
        {
            Assert.True((await _client.InfoAsync(Cancel)).Ok);
        }

        _daemon.On("GET /health", context =>
        {
            context.Response.Headers.Connection = "close";
            return context.Response.WriteAsync("""{"status":"ok","pid":5}""", Cancel);
        });
        Assert.True((await _client.HealthAsync(Cancel)).Ok);
        Assert.True((await _client.InfoAsync(Cancel)).Ok);
    }

    [Fact]
    public async Task Cancelling_is_not_a_failure()
    {
        _daemon.On("GET /info", context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(20));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.InfoAsync(stop.Token));
    }

    [Fact]
    public async Task Without_a_socket_the_loopback_address_is_tried()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answered = Task.Run(async () =>
        {
            using var connection = await listener.AcceptTcpClientAsync(Cancel);
            var stream = connection.GetStream();
            var request = new byte[4096];
            var read = await stream.ReadAsync(request, Cancel);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{\"status\":\"ok\",\"pid\":1}"u8.ToArray(), Cancel);
            return System.Text.Encoding.UTF8.GetString(request, 0, read);
        }, Cancel);
        using var client = new GflowClient(_daemon.Options with { Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port, Socket = "/nonexistent/x.sock" });

        Assert.Equal("ok", (await client.HealthAsync(Cancel)).Value.Status);
        Assert.DoesNotContain("traceparent", await answered, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_shared_daemon_is_asked_where_there_is_none_of_ones_own()
    {
        _daemon.On("GET /health", """{"status":"ok","pid":5}""");
        using var client = new GflowClient(_daemon.Options with { Socket = "/nonexistent/x.sock", SharedSocket = _daemon.Options.Socket });
        Assert.Equal(5, (await client.HealthAsync(Cancel)).Value.Pid);
    }

    [Fact]
    public async Task Ones_own_daemon_is_asked_before_the_shared_one()
    {
        await using var shared = await ScriptedDaemon.StartAsync();
        _daemon.On("GET /health", """{"status":"ok","pid":5}""");
        shared.On("GET /health", """{"status":"ok","pid":6}""");
        using var client = new GflowClient(_daemon.Options with { SharedSocket = shared.Options.Socket });
        Assert.Equal(5, (await client.HealthAsync(Cancel)).Value.Pid);
    }

    [Theory]
    [InlineData("/nonexistent/x.sock", "no such socket")]
    [InlineData("/a/very/long/path/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/x.sock", "no such socket")]
    [InlineData("/tmp/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.sock", "too long for the system")]
    public async Task Nobody_there_is_told_with_the_places_tried(string socket, string why)
    {
        using var client = new GflowClient(_daemon.Options with { Socket = socket });

        var failure = Assert.IsType<ClientFailure.Unreachable>((await client.InfoAsync(Cancel)).Failure);

        Assert.Equal(socket, failure.Socket);
        Assert.Contains(why, failure.Message, StringComparison.Ordinal);
        Assert.Contains("gflowd start", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_daemon_in_trouble_has_answered_how_it_is()
    {
        _daemon.On("GET /health", """{"status":"read_only","pid":7,"reason":"store_failed","detail":"the disk failed"}""", 503);

        var health = (await _client.HealthAsync(Cancel)).Value;

        Assert.Equal(("read_only", 7, "store_failed", "the disk failed"), (health.Status, health.Pid, health.Reason, health.Detail));
    }

    [Fact]
    public async Task A_patch_leaves_out_what_stays_and_nulls_what_goes()
    {
        _daemon.On("PATCH /jobs/1", $$"""{"job":{{JsonSerializer.Serialize(SampleJobs.Job(1, JobState.Queued), WireJson.Default.JobView)}},"updated_fields":[]}""");

        await _client.UpdateAsync(new JobId(1), new UpdateDraft { Priority = 3, Clears = ["time_limit", "notifications"] }, Cancel);

        Assert.Equal("""{"priority":3,"time_limit":null,"notifications":null}""", _daemon.Single("PATCH /jobs/1").Body);
    }
}
