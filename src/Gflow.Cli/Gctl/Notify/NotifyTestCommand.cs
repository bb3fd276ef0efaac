using System.Text.Json;
using System.Text.Json.Nodes;
using Gflow.Client;
using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Cli.Gctl.Notify;

/// <summary><c>gctl notify test</c>: a real message by the real road, and what the server said to it.</summary>
internal static class NotifyTestCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Longer than a test may wait to be sent, and one attempt with the usual deadline.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(75);

    internal static CommandSpec Make() => new()
    {
        Name = "test",
        Summary = "Send a marked message to a target and tell what its server said",
        Notes =
        [
            "It is the event notification_test, goes before all that waits, also to a target that is stopped, and is tried once. A transport of mail sends it to its recipients; one without any, to you.",
            "Exits with 0 when all was delivered, and with 1 otherwise.",
        ],
        Words = NotifyCommand.Target,
        Options = [new("--to", [], "ADDRESS", "Mail: to this recipient instead")],
        Examples = [new("gctl notify test ops", "Try a webhook"), new("gctl notify test lab --to dana@example.org", "Try a mail transport")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var started = Invocation.Need(await invocation.Client.TestTargetAsync(NotifyCommand.TargetName(invocation), new TestDraft { To = invocation.Text("--to") }, cancel));
        var begun = invocation.Context.Time.GetTimestamp();
        List<DeliveryView> deliveries;
        do
        {
            await Task.Delay(Pause, invocation.Context.Time, cancel);
            deliveries = Invocation.Need(await invocation.Client.DeliveriesAsync(new DeliveryQuery { Event = started.EventId, Limit = 1000 }, cancel));
        }
        while (deliveries.Exists(delivery => delivery.State == "waiting") && invocation.Context.Time.GetElapsedTime(begun) < Patience);

        List<DeliveryView> tried = [];
        foreach (var delivery in deliveries.OrderBy(delivery => delivery.Id))
        {
            tried.Add(Invocation.Need(await invocation.Client.DeliveryAsync(delivery.Id, cancel)));
        }

        var code = invocation.Answer(
            () => invocation.WriteJson(new JsonObject { ["deliveries"] = JsonSerializer.SerializeToNode(tried, CommandJson.Default.ListDeliveryView) }),
            text => tried.ForEach(delivery => text.WriteLine(SafeText.Line(Verdict(delivery)))));
        return tried.Count > 0 && tried.TrueForAll(delivery => delivery.State == "delivered") ? code : ExitCodes.Refused;
    }

    private static string Verdict(DeliveryView delivery)
    {
        var whom = delivery.Recipient is { } recipient ? $"{recipient} by {delivery.Target}" : delivery.Target;
        return delivery switch
        {
            { State: "delivered", History: [.., { } last] } => FormattableString.Invariant($"Delivered to {whom} in {last.TookMs} ms{(last.Code is { } code ? FormattableString.Invariant($", answered with {code}") : "")}."),
            { State: "waiting" } => FormattableString.Invariant($"No verdict of {whom} yet: {delivery.WhyNotYet}. See: gctl notify show {delivery.Id}"),
            _ => $"Not delivered to {whom}: {delivery.Reason}",
        };
    }
}
