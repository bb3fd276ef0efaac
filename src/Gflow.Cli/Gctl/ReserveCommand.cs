using Gflow.Client.CommandLine;
using Gflow.Core.Reservations;

namespace Gflow.Cli.Gctl;

/// <summary><c>gctl reserve</c>: GPUs put down for somebody and some time.</summary>
internal static class ReserveCommand
{
    /// <summary>What is to be understood by all who make or read reservations.</summary>
    internal const string HoldsNothingYet = "In this version a reservation is an announcement: it is checked against the others, kept and told, but no job waits for it.";

    /// <summary>For subcommands about one reservation.</summary>
    internal static WordsSpec Reservation { get; } = new("ID", 1, 1, "A reservation's number");

    internal static CommandSpec Make() => new()
    {
        Name = "reserve",
        Summary = "Reserve GPUs for a user and a time",
        Notes = [HoldsNothingYet],
        Subcommands = [ReserveCreateCommand.Make(), ReserveListCommand.Make(), ReserveGetCommand.Make(), ReserveCancelCommand.Make()],
        Examples =
        [
            new("gctl reserve create --gpus 2 --start \"2031-05-02 09:00\" --duration 2h30m", "Reserve two GPUs"),
            new("gctl reserve list", "See all reservations"),
            new("gctl reserve cancel 4", "Cancel one"),
        ],
    };

    /// <summary>The one reservation that the word names.</summary>
    internal static ReservationId IdOf(Invocation invocation) => new((uint)invocation.WordNumber("reservation", uint.MaxValue, 4));
}
