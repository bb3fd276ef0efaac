using Gflow.Cli.Rendering;
using Gflow.Client.CommandLine;

namespace Gflow.Cli.Gctl;

/// <summary><c>gctl reserve get</c>: everything about one reservation.</summary>
internal static class ReserveGetCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "get",
        Summary = "Show everything about a reservation",
        Notes = ["Times are shown in the configured zone, else in this machine's."],
        Words = ReserveCommand.Reservation,
        Examples = [new("gctl reserve get 4", "One reservation"), new("gctl reserve get 4 --json", "For programs")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var id = ReserveCommand.IdOf(invocation);
        var zone = Invocation.Need(invocation.Zone);
        var reservation = Invocation.Need(await invocation.Client.ReservationAsync(id, cancel));
        return invocation.Answer(
            reservation, CommandJson.Default.ReservationView, text => ReservationText.WriteDetails(text, reservation, zone, invocation.Palette, invocation.Context.Width));
    }
}
