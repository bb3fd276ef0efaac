using Gflow.Client;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.History;

public sealed class ForgottenEventsTests(Installation installed)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_resume_older_than_what_is_kept_is_answered_410_with_the_first_id_there_is()
    {
        await using var machine = await Machine.CreateAsync(installed);
        machine.Configure(gpus: 1, more: "[storage]\nevent_retention = \"48h\"");
        var clock = new FakedClock(machine);
        await machine.StartDaemonAsync();
        await machine.EndedAsync(await machine.SubmitAsync("true"));
        await machine.DeliveredAsync();
        var old = await machine.StreamAsync();

        clock.Set(TimeSpan.FromDays(3));
        await machine.ReplaceDaemonAsync();
        // The newest of them stays, for there must be a newest.
        await machine.UntilAsync(() => machine.Query("SELECT min(seq) FROM event") == old[^1].Seq, "the old events are forgotten");

        var first = machine.Query("SELECT min(seq) FROM event");
        var refused = Assert.IsType<ClientFailure.Refused>((await machine.Client.EventsAsync(after: old[0].Seq, cancel: Ct)).Failure);
        Assert.Equal(410, refused.Status);
        Assert.EndsWith($"the first there is has the id {first}", refused.Text, StringComparison.Ordinal);
        using var feed = (await machine.Client.EventsAsync(after: first - 1, cancel: Ct)).Value;
        Assert.Equal(first, (await feed.NextAsync(Ct))!.Seq);
    }
}
