using Gflow.Client.CommandLine;

namespace Gflow.Cli.Gctl;

/// <summary><c>gctl reserve cancel</c>: ends a reservation, or keeps it from beginning.</summary>
internal static class ReserveCancelCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "cancel",
        Summary = "Cancel a reservation",
        Notes = ["One that is over or cancelled already is refused."],
        Words = ReserveCommand.Reservation,
        Examples = [new("gctl reserve cancel 4", "Cancel one reservation")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var id = ReserveCommand.IdOf(invocation);
        var cancelled = Invocation.Need(await invocation.Client.CancelReservationAsync(id, cancel));
        return invocation.Answer(cancelled, CommandJson.Default.ReservationView, text => text.WriteLine($"Reservation {id} cancelled successfully."));
    }
}
