using Gflow.Cli.Rendering;
using Gflow.Client;
using Gflow.Client.CommandLine;
using Gflow.Core.Reservations;

namespace Gflow.Cli.Gctl;

/// <summary><c>gctl reserve list</c>: reservations as a table.</summary>
internal static class ReserveListCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "list",
        Summary = "List reservations",
        Notes =
        [
            "Without options all there ever were, those that are over or cancelled too. GPUS is a number, or the indices in brackets. Times are shown in the configured zone, else in this machine's.",
        ],
        Options =
        [
            new("--user", [], "USER", "Only those of this user"),
            new("--status", [], "STATUS", $"Only these: {string.Join(", ", ReservationStatuses.All).ToLowerInvariant()}"),
            new("--active", [], null, "Only those that have begun and not ended"),
        ],
        NotAvailable = [new("the table has the times of all of them", "--timeline", "--range", "--from", "--to")],
        Examples =
        [
            new("gctl reserve list", "All reservations"),
            new("gctl reserve list --user dana --status pending", "What somebody has still to come"),
            new("gctl reserve list --active --json", "For programs"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        ReservationStatus? status = invocation.Text("--status") is { } text ? Invocation.NeedUsage(ReservationStatuses.Parse(text), "--status") : null;
        var zone = Invocation.Need(invocation.Zone);
        var filter = new ReservationFilter(invocation.Name("--user"), status, invocation.Has("--active"));
        var found = Invocation.Need(await invocation.Client.ReservationsAsync(filter, cancel)).OrderBy(reservation => reservation.Id).ToList();
        return invocation.AnswerList(
            "reservations", found, CommandJson.Default.ListReservationView, "No reservations found.", () => ReservationText.Table(found, zone, invocation.Context.Width).Write(invocation));
    }
}
