using Gflow.Core;
using Gflow.Core.Jobs;
using Gflow.Daemon.Audit;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gflow.Tests.Audit;

/// <summary>Requests that changed nothing, on a clock that the test holds.</summary>
public sealed class AuditTallyTests
{
    private static readonly AuditRow Cancel = new()
    {
        Uid = 1002,
        User = "bob",
        OverTcp = false,
        Method = "POST",
        Path = "/jobs/42/cancel",
        Jobs = new JobSpan(new JobId(42), new JobId(42)),
        Status = 403,
        Code = "not_owner",
        RequestId = "r1",
    };

    [Fact]
    public async Task Ten_thousand_refusals_are_one_record_when_their_minute_is_over_with_the_first_as_example()
    {
        await using var home = await EngineHome.StartAsync();
        await using var tally = new AuditTally(home.Engine, home.Time, NullLogger<AuditTally>.Instance);
        tally.Count(Cancel, "/jobs/{id}/cancel");
        for (var i = 1; i < 10_000; i++)
        {
            home.Time.Advance(TimeSpan.FromMilliseconds(5));
            tally.Count(Cancel with { Path = $"/jobs/{i}/cancel", Jobs = null, RequestId = $"r{i}" }, "/jobs/{id}/cancel");
        }

        await home.SettleClockAsync();
        Assert.Empty(Rows(home));
        home.Time.Advance(TimeSpan.FromSeconds(11));
        await EngineHome.UntilAsync(() => Rows(home).Count == 1);
        Assert.Equal(Cancel with { Seq = 1, At = Draft.Noon.AddMilliseconds(5 * 9999), FirstAt = Draft.Noon, Count = 10_000 }, Rows(home)[0]);

        home.Time.Advance(TimeSpan.FromMinutes(5));
        await home.SettleClockAsync();
        Assert.Single(Rows(home));
    }

    [Fact]
    public async Task Whatever_a_caller_makes_up_comes_to_few_records_and_no_request_is_missing()
    {
        await using var home = await EngineHome.StartAsync();
        await using (var tally = new AuditTally(home.Engine, home.Time, NullLogger<AuditTally>.Instance))
        {
            for (var i = 0; i < 10_000; i++)
            {
                // No route: what is in the path is the caller's invention, as the method is.
                tally.Count(Cancel with { Method = $"M{i}", Path = $"/{i}", Status = 404, Code = "no_route" }, null);
                tally.Count(Cancel with { Code = $"code{i}" }, "/jobs/{id}/cancel");
                tally.Count(Cancel with { Uid = (uint)(5000 + i), User = $"u{i}" }, "/jobs/{id}/cancel");
            }
        }

        var rows = Rows(home);
        Assert.Equal(30_000, rows.Sum(row => row.Count));
        Assert.Equal(101, rows.Count(row => row.User == "bob"));
        Assert.Equal(10_000, Assert.Single(rows, row => row.Code == "no_route").Count);
        var rest = Assert.Single(rows, row => row is { User: "bob", Path: "*" });
        Assert.Equal(("*", AuditOutcome.Refused, 9901), (rest.Method, AuditTable.OutcomeOf(rest), rest.Count));
        Assert.Equal(9001, Assert.Single(rows, row => row.User is null).Count);
        Assert.Equal(101 + 1000, rows.Count);
    }

    [Fact]
    public async Task What_was_counted_is_kept_until_it_can_be_stored()
    {
        await using var home = await EngineHome.StartAsync();
        await using var tally = new AuditTally(home.Engine, home.Time, NullLogger<AuditTally>.Instance);
        await home.FillStoreAsync();
        Assert.False((await AskAsync(home, new string('x', 200_000))).Ok);
        Assert.True(home.Engine.IsReadOnly);
        tally.Count(Cancel, null);
        // Before the store is tried again, which may find room for something small.
        home.Time.Advance(TimeSpan.FromMilliseconds(500));
        tally.Count(Cancel, null);
        await tally.FlushAsync();
        Assert.Empty(Rows(home));

        await home.MakeRoomAsync();
        home.Time.Advance(TimeSpan.FromSeconds(1));
        await EngineHome.UntilAsync(() => !home.Engine.IsReadOnly);
        home.Time.Advance(TimeSpan.FromMinutes(1));
        await EngineHome.UntilAsync(() => Rows(home).Count == 1);
        Assert.Equal(2, Rows(home)[0].Count);
    }

    [Fact]
    public async Task Nothing_is_done_that_cannot_be_recorded()
    {
        await using var home = await EngineHome.StartAsync();
        await home.FillStoreAsync();
        Assert.Equal("store_unavailable", (await AskAsync(home, new string('x', 200_000))).Problems[0].Code);

        await home.MakeRoomAsync();
        home.Time.Advance(TimeSpan.FromSeconds(1));
        await EngineHome.UntilAsync(() => !home.Engine.IsReadOnly);
        Assert.Empty(Rows(home));
        Assert.True((await AskAsync(home, "/x")).Ok);
        Assert.Single(Rows(home));
    }

    /// <summary>Asks for something that is recorded and changes nothing on the disk.</summary>
    private static Task<Result<bool>> AskAsync(EngineHome home, string path) => home.Engine.AskAsync<bool>(
        (batch, _) =>
        {
            batch.Record(Cancel with { Path = path });
            return true;
        },
        EngineHome.Alice,
        EngineHome.Patience);

    private static List<AuditRow> Rows(EngineHome home)
    {
        using var reader = new SqliteConnection($"Data Source={home.Paths.Database};Mode=ReadOnly;Pooling=False");
        reader.Open();
        return AuditTable.List(reader, new AuditFilter { Limit = 100_000 });
    }
}
