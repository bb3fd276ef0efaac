using System.Globalization;
using Gflow.Cli.Rendering;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Cli.Gqueue;

/// <summary><c>gqueue</c>: lists jobs.</summary>
internal static class GqueueCommand
{
    internal const string DefaultColumns = "JOBID,NAME,ST,TIME,NODES,NODELIST(REASON)";

    internal static CommandSpec Make() => new()
    {
        Name = "gqueue",
        Summary = "List jobs",
        Notes =
        [
            "Without options: your own jobs that wait, are held or run. All filters must hold together.",
            $"Columns: {string.Join(", ", JobColumns.Names)}. States: {string.Join(", ", JobStates.All.Select(state => $"{state} ({state.Code()})"))}.",
            "On a terminal, or with COLUMNS set, long names and reasons are cut to its width; pipes and files get everything.",
        ],
        Options =
        [
            new("--user", ["-u", "--users"], "USERS", "Jobs of these users (comma list); all or * for everybody (default you)"),
            new("--limit", ["-n"], "N", "Only the first N, or the last N for -N; 0 for all (default 0)"),
            new("--all", ["-a"], null, "Jobs in every state, and no limit"),
            new("--completed", ["-c"], null, "Only ended jobs"),
            new("--states", ["-s"], "STATES", "Only these states (comma list of names or codes)"),
            new("--since", [], "TIME", "Only jobs submitted since: 2h, 7d, 1w, today, yesterday, a date, Unix seconds"),
            new("--sort", ["-r"], "KEY", "id, state, time, name, gpus or priority (default id)"),
            new("--jobs", ["-j", "--job"], "JOBS", "Only these jobs: numbers and ranges, @ or @~N (comma list)"),
            new("--names", ["-N"], "NAMES", "Only jobs with these names (comma list)"),
            new("--project", ["-P"], "PROJECT", "Only jobs of this project"),
            new("--format", ["-f"], "COLUMNS", $"Columns (comma list; default {DefaultColumns})"),
            new("--group", ["-g"], null, "One table for each state"),
            new("--tree", ["-t"], null, "Jobs under those they depend on or repeat"),
            new("--output", ["-o"], "FORMAT", "table, json, csv or yaml (default table)"),
            new("--watch", ["-w"], null, "Show again and again until Ctrl+C"),
            new("--interval", [], "SECONDS", "Pause of --watch, from 1 (default 2)"),
            new("--tmux", ["-T"], null, "Has no effect any more: jobs run without tmux"),
        ],
        Exclusive = [["--completed", "--all"], ["--completed", "--states"], ["--all", "--states"], ["--group", "--tree"]],
        Examples =
        [
            new("gqueue", "Your waiting and running jobs"),
            new("gqueue -u all -s R", "Everybody's running jobs"),
            new("gqueue -a --since 7d -r time", "All of yours of the last seven days, by start"),
            new("gqueue -t", "As a tree of dependencies"),
            new("gqueue -f JOBID,NAME,USER,REASON -j 7,9-12", "Chosen columns of chosen jobs"),
            new("gqueue --json", "For programs"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        if (invocation.Has("--tmux"))
        {
            invocation.Complain("warning: --tmux has no effect: jobs run without tmux sessions. Running jobs: gqueue -s R; a job's output: gjob log -f ID");
        }

        var wanted = await WantedJobs.ReadAsync(invocation, cancel);
        var columns = JobColumns.Read(invocation.Text("--format") ?? DefaultColumns);
        var output = Output(invocation);
        if (!invocation.Has("--watch"))
        {
            if (invocation.Has("--interval"))
            {
                throw Invocation.Wrong("--interval is the pause of --watch; give both");
            }

            invocation.Out.Write(await ShowAsync(invocation, wanted, columns, output, cancel));
            return ExitCodes.Done;
        }

        var pause = TimeSpan.FromSeconds(invocation.Number("--interval", "seconds from 1 to 86400", 1, 86_400) ?? 2);
        while (true)
        {
            var view = await ShowAsync(invocation, wanted, columns, output, cancel);
            var updated = TimeZoneInfo.ConvertTime(invocation.Now, Invocation.Need(invocation.Zone)).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
            invocation.Out.Write("\e[2J\e[H");
            invocation.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"Last updated: {updated}  [Refreshing every {pause.TotalSeconds}s. Press Ctrl+C to exit]\n"));
            invocation.Out.Write(view);
            await invocation.Out.FlushAsync(cancel);
            await Task.Delay(pause, invocation.Context.Time, cancel);
        }
    }

    private static async Task<string> ShowAsync(Invocation invocation, WantedJobs wanted, IReadOnlyList<JobColumn> columns, string output, CancellationToken cancel)
    {
        var found = Invocation.Need(await invocation.Client.ListAsync(wanted.Query, cancel));
        var matching = wanted.Choose(found);
        var jobs = wanted.Limited(matching);
        using var writer = new StringWriter { NewLine = "\n" };
        switch (output)
        {
            case "json":
                JobLists.WriteJson(writer, jobs, invocation.Now);
                break;
            case "yaml":
                JobLists.WriteYaml(writer, jobs, invocation.Now);
                break;
            case "csv":
                JobLists.WriteCsv(writer, jobs, invocation.Now);
                break;
            default:
                Table(writer, invocation, wanted, columns, jobs, matching.Count);
                break;
        }

        return writer.ToString();
    }

    private static void Table(
        StringWriter writer, Invocation invocation, WantedJobs wanted, IReadOnlyList<JobColumn> columns, IReadOnlyList<JobView> jobs, int total)
    {
        if (jobs.Count == 0)
        {
            writer.WriteLine("No jobs found.");
            return;
        }

        if (jobs.Count < total)
        {
            writer.WriteLine($"Showing {(wanted.Limit > 0 ? "first" : "last")} {jobs.Count} of {total} jobs (use --all or -n 0 to show all)\n");
        }

        var view = new JobTableView(columns, invocation.Now, invocation.Palette, invocation.Context.Width);
        if (invocation.Has("--group"))
        {
            view.WriteGroups(writer, jobs);
        }
        else if (invocation.Has("--tree"))
        {
            view.WriteTree(writer, JobTree.Rows(jobs));
        }
        else
        {
            view.Write(writer, jobs);
        }
    }

    private static string Output(Invocation invocation)
    {
        var written = invocation.Text("--output") ?? "table";
        var output = written.ToLowerInvariant();
        if (output is not ("table" or "json" or "csv" or "yaml"))
        {
            throw Invocation.Wrong($"--output takes table, json, csv or yaml, not \"{written}\"");
        }

        return invocation.Json
            ? invocation.Has("--output") && output != "json" ? throw Invocation.Wrong($"--json and --output {output} cannot be combined; give one of them") : "json"
            : output;
    }
}
