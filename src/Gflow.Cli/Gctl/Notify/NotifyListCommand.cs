using System.Text.Json;
using Gflow.Cli.Rendering;
using Gflow.Client;
using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Cli.Gctl.Notify;

/// <summary><c>gctl notify list</c>: deliveries, and with <c>-f</c> what becomes of them.</summary>
internal static class NotifyListCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    internal static CommandSpec Make() => new()
    {
        Name = "list",
        Summary = "List deliveries, the newest first",
        Notes =
        [
            "WHY tells of what waits why it has not gone yet, of the rest why it ended so, in the server's own words where it had some.",
            "Where a terminal is too narrow for all columns, TRIES, then RECIPIENT and then TIME are left out; gctl notify show has everything about one.",
            "With -f, each of the newest that fit the limit is shown again whenever anything about it changes, until Ctrl-C.",
        ],
        Options =
        [
            new("--target", [], "TARGET", "Only those to this target"),
            new("--job", [], "JOB", "Only those about this job"),
            new("--user", [], "USER", "Only those about this user's jobs and reservations"),
            new("--state", [], "STATE", "Only these: waiting, delivered, dead, cancelled"),
            new("--since", [], "TIME", "Only events since then: 2h, 7d, today, 2026-01-28"),
            new("--limit", [], "N", "At most so many, up to 1000 (default 100)"),
            new("--follow", ["-f"], null, "Go on, and show what changes"),
        ],
        Examples =
        [
            new("gctl notify list --job 42", "What was told about a job"),
            new("gctl notify list --target ops --state waiting", "What waits for a target"),
            new("gctl notify list --state dead --since 1d --json", "For programs"),
            new("gctl notify list -f", "Watch"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var zone = Invocation.Need(invocation.Zone);
        var filter = new DeliveryQuery
        {
            Target = invocation.Name("--target"),
            Job = invocation.Text("--job") is { } job ? await invocation.JobAsync(job, cancel) : null,
            User = invocation.Name("--user"),
            State = invocation.Name("--state"),
            Since = invocation.Text("--since") is { } since ? Invocation.NeedUsage(InstantText.ParseSince(since, invocation.Now, zone), "--since") : null,
            Limit = (int?)invocation.Number("--limit", "a whole number from 1 to 1000", 1, 1000),
        };
        var found = Invocation.Need(await invocation.Client.DeliveriesAsync(filter, cancel));
        return invocation.Has("--follow")
            ? await FollowAsync(invocation, filter, found, zone, cancel)
            : invocation.AnswerList(
                "deliveries", found, CommandJson.Default.ListDeliveryView, "No deliveries found.", () => NotificationText.Deliveries(found, zone).Write(invocation));
    }

    private static async Task<int> FollowAsync(Invocation invocation, DeliveryQuery filter, List<DeliveryView> found, TimeZoneInfo zone, CancellationToken cancel)
    {
        Dictionary<long, DeliveryView> shown = [];
        try
        {
            while (true)
            {
                var changed = found.Where(delivery => !shown.TryGetValue(delivery.Id, out var before) || before != delivery).OrderBy(delivery => delivery.Id).ToList();
                if (changed.Count > 0)
                {
                    Write(invocation, changed, zone);
                    await invocation.Out.FlushAsync(cancel);
                }

                shown = found.ToDictionary(delivery => delivery.Id);
                await Task.Delay(Pause, invocation.Context.Time, cancel);
                found = Invocation.Need(await invocation.Client.DeliveriesAsync(filter, cancel));
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return ExitCodes.Done;
        }
    }

    /// <summary>JSON is one line for each delivery then, as there is no end at which a list could be closed.</summary>
    private static void Write(Invocation invocation, List<DeliveryView> changed, TimeZoneInfo zone)
    {
        if (!invocation.Json)
        {
            NotificationText.Deliveries(changed, zone).Write(invocation);
            return;
        }

        foreach (var delivery in changed)
        {
            invocation.Out.WriteLine(SafeText.JsonStrings(JsonSerializer.Serialize(delivery, CommandJson.Default.DeliveryView)));
        }
    }
}
