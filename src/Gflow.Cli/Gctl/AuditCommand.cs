using Gflow.Cli.Rendering;
using Gflow.Client;
using Gflow.Client.CommandLine;
using Gflow.Core.Text;

namespace Gflow.Cli.Gctl;

/// <summary><c>gctl audit</c>: who asked for which change, and what became of it.</summary>
internal static class AuditCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "audit",
        Summary = "Show who asked for which change, from where, and what became of it",
        Notes =
        [
            "For administrators: on a shared daemon those of [access] admins, root and the daemon's own user. The newest come first.",
            "A request that was done has a line of its own. Those that changed nothing are counted, by caller, route and outcome, for up to a minute: TIME is then that of the last, REQUEST and JOBS are those of the first. REQUEST is a path of the API, with its method unless that is POST: /jobs submits, /jobs/42/cancel cancels.",
            "OUTCOME is done; of what was refused the reason's code, such as not_owner; unchanged for what was answered as done and changed nothing (the repeat of a request); or unanswered when the caller had gone.",
            "Where a terminal is too narrow for all columns, VIA, then COUNT and then JOBS are left out.",
        ],
        Options =
        [
            new("--user", [], "USER", "Only what this user asked for"),
            new("--job", [], "JOB", "Only how this job was submitted, and what was asked of it"),
            new("--since", [], "TIME", "Only what was asked since then: 2h, 7d, today, 2026-01-28"),
            new("--until", [], "TIME", "Only what was asked before then: 2h, 7d, today, 2026-01-28"),
            new("--refused", [], null, "Only what was refused"),
            new("--limit", ["-n"], "N", "At most so many lines, up to 1000 (default 100)"),
        ],
        Examples =
        [
            new("gctl audit --since today", "What was asked for today"),
            new("gctl audit --job 42", "Who submitted, changed or cancelled a job"),
            new("gctl audit --refused --user erik", "What somebody was refused"),
            new("gctl audit --since 7d --until 1d --json", "For programs"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var zone = Invocation.Need(invocation.Zone);
        var filter = new AuditQuery
        {
            User = invocation.Name("--user"),
            Job = invocation.Text("--job") is { } job ? await invocation.JobAsync(job, cancel) : null,
            Outcome = invocation.Has("--refused") ? "refused" : null,
            Since = Instant("--since"),
            Until = Instant("--until"),
            Limit = (int?)invocation.Number("--limit", "a whole number from 1 to 1000", 1, 1000),
        };
        var found = Invocation.Need(await invocation.Client.AuditAsync(filter, cancel));
        return invocation.AnswerList(
            "audit", found, CommandJson.Default.ListAuditView, "No requests for changes found.", () => AuditText.Records(found, zone).Write(invocation));

        DateTimeOffset? Instant(string option) => invocation.Text(option) is { } text
            ? Invocation.NeedUsage(InstantText.ParseSince(text, invocation.Now, zone), option)
            : null;
    }
}
