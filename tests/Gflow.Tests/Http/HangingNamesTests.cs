using System.Net;
using Gflow.Client.Platform;
using Gflow.Daemon.Http;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Http;

/// <summary>A daemon for all users, on a machine whose name service hangs for one of them.</summary>
public sealed class HangingNamesTests : IDisposable
{
    private static readonly Account Late = new(4_000_009, "late", "/home/late", "/bin/sh");

    private readonly ManualResetEventSlim _gate = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_waits_for_his_name_keeps_nobody_waiting_and_is_himself_in_the_end()
    {
        await using var daemon = await StartAsync();
        using var late = daemon.AsSeen(new Peer(Late.Uid, null));
        using var bob = daemon.AsSeen(new Peer(People.Bob.Uid, null));
        var waiting = Enumerable.Range(0, 50).Select(_ => late.PostAsync("/jobs", TestDaemon.Json("""{"command":"true"}"""), Ct)).ToList();
        var own = await TestAnswer.OfAsync(await bob.PostAsync("/jobs", TestDaemon.Json("""{"command":"true"}"""), Ct));
        Assert.Equal(201, own.Status);
        Assert.Equal("/home/bob", (await TestAnswer.OfAsync(await bob.GetAsync("/jobs/1", Ct))).Json.GetProperty("run_dir").GetString());
        Assert.Equal(HttpStatusCode.OK, (await late.GetAsync("/health", Ct)).StatusCode);
        Assert.All(waiting, answer => Assert.False(answer.IsCompleted));
        _gate.Set();
        Assert.All(await Task.WhenAll(waiting), answer => Assert.Equal(HttpStatusCode.Created, answer.StatusCode));
        var seen = (await TestAnswer.OfAsync(await late.GetAsync("/jobs/2", Ct))).Json;
        Assert.Equal(("late", "/home/late"), (seen.GetProperty("submitted_by").GetString(), seen.GetProperty("run_dir").GetString()));
    }

    [Fact]
    public async Task The_start_of_his_job_waits_and_that_of_others_does_not()
    {
        await using var daemon = await StartAsync();
        using var named = daemon.As(Late);
        using var bob = daemon.As(People.Bob);
        await named.PostAsync("/jobs", TestDaemon.Json("""{"command":"true"}"""), Ct);
        await bob.PostAsync("/jobs", TestDaemon.Json("""{"command":"true"}"""), Ct);
        await Until.TrueAsync(() => daemon.Executor.StartRequests.Any(start => start.JobId == 2));
        Assert.DoesNotContain(daemon.Executor.StartRequests, start => start.JobId == 1);
        _gate.Set();
        await Until.TrueAsync(() => daemon.Executor.StartRequests.Any(start => start.JobId == 1));
        Assert.Contains("LOGNAME=late", daemon.Executor.StartRequests.Single(start => start.JobId == 1).Environment);
    }

    public void Dispose()
    {
        _gate.Set();
        _gate.Dispose();
    }

    private Task<TestDaemon> StartAsync() => TestDaemon.StartAsync(shared: true, accounts: uid =>
    {
        if (uid != Late.Uid)
        {
            return new Account(uid, uid == People.Bob.Uid ? "bob" : $"user{uid}", "/home/bob", "/bin/sh");
        }

        _gate.Wait(CancellationToken.None);
        return Late;
    });
}
