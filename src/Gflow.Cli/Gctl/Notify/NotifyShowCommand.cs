using Gflow.Cli.Rendering;
using Gflow.Client.CommandLine;

namespace Gflow.Cli.Gctl.Notify;

/// <summary><c>gctl notify show</c>: everything about one delivery.</summary>
internal static class NotifyShowCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "show",
        Summary = "Show everything about a delivery, with every attempt",
        Notes = ["Times are shown in the configured zone, else in this machine's."],
        Words = new("ID", 1, 1, "A delivery's number"),
        Examples = [new("gctl notify show 12", "One delivery"), new("gctl notify show 12 --json", "For programs")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var id = invocation.WordNumber("delivery", long.MaxValue, 12);
        var zone = Invocation.Need(invocation.Zone);
        var delivery = Invocation.Need(await invocation.Client.DeliveryAsync(id, cancel));
        return invocation.Answer(
            delivery, CommandJson.Default.DeliveryView, text => NotificationText.WriteDetails(text, delivery, zone, invocation.Palette, invocation.Context.Width));
    }
}
