using System.Text.Json;
using Gflow.Cli;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Cli;

public sealed class GcancelTests : IAsyncLifetime
{
    private ScriptedDaemon _daemon = null!;

    public async ValueTask InitializeAsync() => _daemon = (await ScriptedDaemon.StartAsync()).On("GET /jobs/resolve-dependency", """{"job_id":3}""");

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Fact] // [211]
    public async Task Every_job_is_tried_and_a_refusal_is_told()
    {
        _daemon.On("POST /jobs/1/cancel", """{"id":1,"state":"Cancelled"}""")
            .Refuse("POST /jobs/2/cancel", 409, "job 2 is Finished; it cannot be cancelled", "Finished")
            .On("POST /jobs/3/cancel", """{"id":3,"state":"Running"}""");

        var run = await CommandRun.Async("gcancel --kill 1,2 @", _daemon.Options);

        Assert.Equal((ExitCodes.Refused, "Job 1 cancelled.\nJob 3 cancelled.\n", "gcancel: job 2 is Finished; it cannot be cancelled\n"), (run.Code, run.Out, run.Error));
    }

    [Fact]
    public async Task A_dry_run_follows_the_dependents()
    {
        _daemon.On("GET /jobs/1/cancel", """{"id":1,"state":"Running","lost":[{"id":2,"state":"Queued","outcome":"cancelled","depends_on":1},{"id":5,"state":"Queued","outcome":"blocked","depends_on":1}]}""")
            .Refuse("GET /jobs/8/cancel", 409, "job 8 is Finished", "Finished")
            .Refuse("GET /jobs/99/cancel", 404, "job 99 does not exist");

        var run = await CommandRun.Async("gcancel --dry-run 1 8 99", _daemon.Options);

        Assert.Equal(ExitCodes.Refused, run.Code);
        Assert.Equal(
            "1\tRunning\tok\n2\tQueued\tcancelled\t1\n5\tQueued\tblocked\t1\n8\tFinished\tinvalid\n99\t-\tunknown\n",
            run.Out);
        Assert.DoesNotContain(_daemon.Seen, request => request.Target.StartsWith("POST", StringComparison.Ordinal));
        var json = JsonDocument.Parse((await CommandRun.Async("gcancel --dry-run --json 1", _daemon.Options)).Out).RootElement.GetProperty("forecast");
        Assert.Equal("cancelled", json[1].GetProperty("outcome").GetString());
    }
}
