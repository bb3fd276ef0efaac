using System.Text.Json.Nodes;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Cli.Gctl.Notify;

/// <summary><c>gctl notify resend</c>: what is over is sent again.</summary>
internal static class NotifyResendCommand
{
    private const int MostUnasked = 100;

    internal static CommandSpec Make() => new()
    {
        Name = "resend",
        Summary = "Send deliveries again that are over",
        Notes =
        [
            "They go as the same messages under the same ids, so that a receiver which keeps the ids knows them. They have all their retries and 24 hours again.",
            $"More than {MostUnasked} are only counted, unless --yes is given.",
        ],
        Words = new("ID", 0, int.MaxValue, "Numbers of deliveries: 12, 7,9-12"),
        Options =
        [
            new("--dead", [], null, "All of a target that were given up"),
            new("--target", [], "TARGET", "Whose, with --dead"),
            new("--since", [], "TIME", "With --dead, only those given up since then: 2h, 7d, today, 2026-01-28"),
            new("--new-id", [], null, "Each under a new id, so that a receiver which has it takes it all the same"),
            new("--dry-run", [], null, "Only say how many there are"),
            new("--yes", [], null, $"Send more than {MostUnasked}, too"),
        ],
        Examples =
        [
            new("gctl notify resend 12", "Send one again"),
            new("gctl notify resend --dead --target ops --since 2h", "All that a target was not given in two hours"),
            new("gctl notify resend --dead --target ops --dry-run", "How many that would be"),
            new("gctl notify resend 12 --new-id", "Once more to a receiver that dropped what it took"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var newId = invocation.Has("--new-id");
        if (!invocation.Has("--dead"))
        {
            if (invocation.Has("--target") || invocation.Has("--since") || invocation.Words.Count == 0)
            {
                throw Invocation.Wrong("which deliveries? Write their numbers, or --dead --target TARGET");
            }

            var ids = NotifyCommand.Ids(invocation);
            return invocation.Has("--dry-run") || (ids.Count > MostUnasked && !invocation.Has("--yes"))
                ? Counted(invocation, ids.Count)
                : await DeliveryActions.RunAsync(invocation, ids, id => invocation.Client.ResendAsync(id, new ResendOneDraft { NewId = newId }, cancel), id => $"Delivery {id} is sent again{(newId ? " under a new id" : "")}.");
        }

        if (invocation.Words.Count > 0 || invocation.Name("--target") is not { } target)
        {
            throw Invocation.Wrong("--dead takes a target and no numbers: --dead --target TARGET [--since TIME]");
        }

        var since = invocation.Text("--since") is { } text
            ? Invocation.NeedUsage(InstantText.ParseSince(text, invocation.Now, Invocation.Need(invocation.Zone)), "--since")
            : (DateTimeOffset?)null;
        return await ResendDeadAsync(invocation, new ResendDraft { Target = target, Since = WireInstant.From(since), DryRun = true, NewId = newId }, cancel);
    }

    private static async Task<int> ResendDeadAsync(Invocation invocation, ResendDraft draft, CancellationToken cancel)
    {
        var counted = Invocation.Need(await invocation.Client.ResendAsync(draft, cancel));
        if (invocation.Has("--dry-run") || (counted.Matched > MostUnasked && !invocation.Has("--yes")))
        {
            return Counted(invocation, counted.Matched);
        }

        // What dies again meanwhile is not met again, for the end of the span stays.
        var sent = 0L;
        ResendAnswer answer;
        do
        {
            answer = Invocation.Need(await invocation.Client.ResendAsync(draft with { DryRun = false, Until = counted.Until }, cancel));
            sent += answer.Resent;
        }
        while (answer.Matched > answer.Resent);

        return Tell(invocation, counted.Matched, sent, $"{Count(sent)} sent again.");
    }

    private static int Counted(Invocation invocation, long matched)
    {
        var code = Tell(invocation, matched, 0, $"{Count(matched)} would be sent again.");
        if (invocation.Has("--dry-run"))
        {
            return code;
        }

        invocation.Complain($"nothing was sent, as these are more than {MostUnasked}; add --yes to send them");
        return ExitCodes.Refused;
    }

    private static int Tell(Invocation invocation, long matched, long sent, string sentence) => invocation.Answer(
        () => invocation.WriteJson(new JsonObject { ["matched"] = matched, ["resent"] = sent }), text => text.WriteLine(sentence));

    private static string Count(long number) => number == 1 ? "1 delivery" : FormattableString.Invariant($"{number} deliveries");
}
