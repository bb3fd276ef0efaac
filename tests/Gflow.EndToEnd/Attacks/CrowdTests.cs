using System.Globalization;
using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Attacks;

/// <summary>One user's very many jobs beside another's few.</summary>
public sealed class CrowdTests(Installation installed, People people) : IClassFixture<People>
{
    /// <summary>As many as a user may have waiting, but for a few.</summary>
    private const int Submissions = 99_000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_thousand_jobs_of_one_user_keep_nobody_waiting_for_an_answer_or_his_turn()
    {
        await using var attacked = await Attacked.StartAsync(installed, people, shared: true);
        var gate = Path.Combine(attacked.Open, "gate");
        var blocking = SharedMachine.Id(await attacked.StrangerAsync("gbatch", "--json", "--gpus", "2", $"until [ -e {gate} ]; do sleep 0.02; done"));
        var before = SharedMachine.Id(await attacked.StrangerAsync("gbatch", "--json", "--gpus", "2", "true"));
        var first = await attacked.SubmitAsync("--gpus", "2", "true");
        var flood = attacked.AttackAsync(attacked.Stranger, "submit", attacked.Socket, $"{Submissions}", "4");
        await attacked.UntilAsync(async () => (await attacked.Client.GetAsync(new(first + 1), Ct)).Ok, "the first of them are there");

        // While they come: submissions and other answers.
        var slowest = await attacked.SlowestAsync("/jobs");
        Assert.False(flood.IsCompleted, flood.IsCompletedSuccessfully ? $"it was over after {await flood}" : $"it was over before the others were looked at: {flood.Exception}");
        await attacked.AssertServesAsync();

        // Where the machine is busy with other things, a thousand jobs alone take longer than that.
        var each = double.Parse(await flood, CultureInfo.InvariantCulture) * 1000 / (Submissions / 1000);
        Assert.True(slowest < Math.Max(100, 4 * each), $"nine of ten submissions took up to {slowest} ms, a thousand of the many {each} ms");

        // And while they wait: a job that needs no GPU, and one that is to go before all.
        var urgent = await attacked.SubmitAsync("--gpus", "2", "--priority", "20", "true");
        await attacked.AssertAnswersAtOnceAsync("/jobs");
        await attacked.AssertServesAsync();
        await File.WriteAllTextAsync(gate, "", Ct);
        var next = first + 1;
        await attacked.UntilAsync(async () => (await attacked.Client.GetAsync(new(next), Ct)).Value.StartedAt is not null, "one of the many has started");
        List<uint> expected = [blocking, urgent, before, first, next];
        var started = new List<DateTimeOffset>();
        foreach (var id in expected)
        {
            started.Add((await attacked.Client.GetAsync(new(id), Ct)).Value.StartedAt!.Value.ToInstant());
        }

        Assert.Equal(started.Order(), started);
    }
}
