using System.Globalization;
using Gflow.Client.CommandLine;
using Gflow.Client.Configuration;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Cli.Gctl;

/// <summary><c>gctl reserve create</c>: makes a reservation.</summary>
internal static class ReserveCreateCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "create",
        Summary = "Make a reservation",
        Notes =
        [
            "It begins and ends on a full or half hour. It is refused when at any instant one of its GPUs, or so many GPUs, would be reserved twice; one may begin when another ends.",
            ReserveCommand.HoldsNothingYet,
        ],
        Options =
        [
            new("--user", [], "USER", "Whose reservation it is (default you)"),
            new("--gpus", [], "N", "So many GPUs, whichever they are"),
            new("--gpu-spec", [], "GPUS", "These GPUs: indices and ranges (0,2-3)"),
            new("--start", [], "TIME", "When it begins: \"2031-05-02 09:30\", or with its offset 2031-05-02T09:30:00Z"),
            new("--duration", [], "TIME", "How long it lasts: hours and minutes that make half-hours (30m, 2h, 2h30m)"),
            new("--timezone", [], "ZONE", "The zone of --start, such as Europe/Berlin (default the configured one, else this machine's)"),
        ],
        Exclusive = [["--gpus", "--gpu-spec"]],
        Examples =
        [
            new("gctl reserve create --gpus 2 --start \"2031-05-02 09:00\" --duration 2h30m", "Two GPUs for you"),
            new("gctl reserve create --gpu-spec 0,2 --start 2031-05-02T09:30:00Z --duration 1h", "Certain GPUs, at an instant that is the same everywhere"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var draft = Draft(invocation);
        var created = Invocation.Need(await invocation.Client.ReserveAsync(draft, cancel));
        invocation.Context.Made.Add(string.Create(CultureInfo.InvariantCulture, $"reservation {created.ReservationId} was created"));
        invocation.Complain("warning: in this version no job waits for a reservation; tell the others, or wait for their jobs to end");
        return invocation.Answer(
            created, CommandJson.Default.CreatedReservation, text => text.WriteLine($"Reservation created successfully.\n  ReservationID={created.ReservationId}"));
    }

    private static ReservationDraft Draft(Invocation invocation)
    {
        var (count, spec) = (Count(invocation), invocation.Text("--gpu-spec"));
        if (count is null && spec is null)
        {
            throw Invocation.Wrong("which GPUs? Give --gpus N for any, or --gpu-spec GPUS for certain ones");
        }

        var start = invocation.Text("--start") ?? throw Invocation.Wrong("--start is missing: when it begins, such as --start \"2031-05-02 09:30\"");
        var duration = invocation.Text("--duration") ?? throw Invocation.Wrong("--duration is missing: how long it lasts, such as --duration 2h30m");
        return new()
        {
            User = invocation.Text("--user") ?? invocation.Context.User(),
            GpuCount = count,
            GpuIndices = spec is null ? null : [.. Invocation.NeedUsage(IndexListText.Parse(spec), "--gpu-spec").Select(index => (long)index)],
            StartTime = WireInstant.From(Invocation.NeedUsage(InstantText.ParseReservation(start, Zone(invocation)), "--start")),
            DurationSecs = (long)Invocation.NeedUsage(DurationText.ParseReservation(duration), "--duration").TotalSeconds,
        };
    }

    private static long? Count(Invocation invocation) => invocation.Text("--gpus") is not { } text ? null
        : Invocation.NeedUsage(GpuCountText.ParseNumber(text), "--gpus") is > 0 and var count ? count
        : throw Invocation.Wrong($"--gpus takes a number from 1, not \"{text}\"");

    private static TimeZoneInfo Zone(Invocation invocation) => invocation.Text("--timezone") is not { } name
        ? Invocation.Need(invocation.Zone)
        : ClientOptions.FindZone(name) ?? throw Invocation.Wrong($"--timezone: this machine knows no time zone \"{name}\"; write a name such as Europe/Berlin or UTC");
}
