using Gflow.Cli.Groups;
using Gflow.Cli.Choosing;
using Gflow.Core.Jobs;

namespace Gflow.Cli.Gcancel;

/// <summary><c>gcancel</c>: cancels jobs, or sends them a signal.</summary>
internal static class GcancelCommand
{
    private static readonly string[] Filters = ["--all", "--user", "--state", "--name"];

    internal static CommandSpec Make() => new()
    {
        Name = "gcancel",
        Summary = "Cancel jobs",
        Words = new("JOBS...", 0, int.MaxValue, "Job numbers, lists and ranges (7,9-12), @ (your last submission), @~N (your N-th last), a group id, or tasks of an array (5_3, 5_[1-3], 5_* for all)"),
        Notes =
        [
            "Running jobs are asked to end (SIGTERM) and killed after the configured grace. Every job named is tried; the exit code is 1 when one could not be cancelled. A job that is being ended already is no failure.",
            "Instead of naming jobs, choose them: all that hold of --all, --user, --state and --name. Without --user they are your own. It is no failure when there is none.",
            "--signal only sends the signal, to every process of running jobs, and says nothing about how they end: a job that ends of it has succeeded or failed as its exit code says.",
            "A dry run writes one line a job, with tabs between: number, state, and ok or invalid; after an ok job its dependents, with cancelled (they would be cancelled too) or blocked (they would wait for ever) and the number of the job they depend on.",
        ],
        Options =
        [
            new("--all", ["-a"], null, "All of your jobs that have not ended"),
            new("--user", ["-u"], "USERS", "Jobs of these users (comma list); all for everybody"),
            new("--state", ["-t", "--states"], "STATES", "Jobs in these states (comma list of names or codes)"),
            new("--name", ["-n", "--names"], "NAMES", "Jobs with these names (comma list, or one name that has commas; repeatable)") { Repeatable = true },
            new("--signal", ["-s"], "SIGNAL", "Send this signal (USR1, 10) and do nothing else"),
            new("--dry-run", [], null, "Say what would happen, and cancel nothing"),
            new("--cancel", ["--kill"], null, "Accepted for the sake of habits; changes nothing") { Hidden = true },
        ],
        Exclusive = [["--signal", "--dry-run"]],
        Examples =
        [
            new("gcancel 42", "Cancel one job"),
            new("gcancel 7,9-12 @", "Cancel several, and your last submission"),
            new("gcancel 17_[3-9]", "Cancel seven tasks of an array, in one step"),
            new("gcancel --all --state PD", "Cancel all of yours that wait"),
            new("gcancel --signal USR1 42", "Tell a job to write a checkpoint"),
            new("gcancel --dry-run 42", "See which dependents would go with it"),
        ],
        NotAvailable = [new("the launcher sees by itself how a job ends", "--finish", "--fail")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var signal = invocation.Text("--signal") is { } text ? SignalText.Name(Invocation.NeedUsage(SignalText.Parse(text), "--signal")) : null;
        var chosen = Filters.Any(invocation.Has);
        if (chosen == invocation.Words.Count > 0)
        {
            throw Invocation.Wrong(chosen
                ? "jobs are either named or chosen; leave out the numbers, or --all, --user, --state and --name"
                : "there is nothing to cancel: name jobs (gcancel 42), or choose them (gcancel --all, --user, --state, --name)\ntry: gcancel --help");
        }

        if (!chosen && signal is null && !invocation.Has("--dry-run") && GroupActions.Split(invocation.Words) is { Groups.Count: > 0 } named)
        {
            var each = new Cancellation(invocation, signal, chosen, cancel);
            return await GroupActions.RunAsync(
                invocation,
                named.Groups,
                group => invocation.Client.ActOnGroupAsync(group.Group, "cancel", group.TaskList, cancel),
                "cancelled",
                async rows => await JobActions.RunAsync(invocation, named.Jobs.Count == 0 ? [] : await invocation.JobsAsync(named.Jobs, cancel), each.ActAsync, each.Told, each.Row, rows));
        }

        var ids = chosen ? await ChosenAsync(invocation, signal is not null, cancel) : await invocation.JobsAsync(invocation.Words, cancel);
        if (chosen && ids.Count == 0 && !invocation.Json)
        {
            invocation.Out.WriteLine(signal is null ? "No jobs to cancel." : "No running jobs.");
            return ExitCodes.Done;
        }

        if (invocation.Has("--dry-run"))
        {
            return await CancelDryRun.RunAsync(invocation, ids, cancel);
        }

        var cancellation = new Cancellation(invocation, signal, chosen, cancel);
        var code = await JobActions.RunAsync(invocation, ids, cancellation.ActAsync, cancellation.Told, cancellation.Row);
        if (chosen && !invocation.Json)
        {
            invocation.Out.WriteLine($"{(signal is null ? "Cancelled" : $"Sent {signal} to")} {cancellation.Done} of {ids.Count} {(ids.Count == 1 ? "job" : "jobs")}.");
        }

        return code;
    }

    private static async Task<IReadOnlyList<JobId>> ChosenAsync(Invocation invocation, bool onlyRunning, CancellationToken cancel)
    {
        var states = invocation.Text("--state") is { } text ? StateFilter.Read(text, "--state") : StateFilter.Live;
        var possible = onlyRunning ? [JobState.Running] : StateFilter.Live.States;
        if (states.States.Any(state => state.IsFinal()))
        {
            throw Invocation.Wrong("--state takes states of jobs that have not ended: Queued (PD), Hold (H), Running (R), Ending (EN)");
        }

        List<JobState> asked = [.. states.States.Count == 0 ? possible : states.States.Intersect(possible)];
        if (asked.Count == 0)
        {
            return [];
        }

        var names = NameFilter.Of(invocation, "--name");
        var jobs = Invocation.Need(await invocation.Client.ListAsync(new() { States = asked, Users = UserList.Read(invocation, invocation.Name("--user")) }, cancel));
        return [.. jobs.Where(job => states.Admits(job) && names.Admits(job)).Select(job => new JobId(job.Id)).Order()];
    }
}
