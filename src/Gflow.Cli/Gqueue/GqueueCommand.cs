using Gflow.Cli.Choosing;
using Gflow.Cli.Rendering;
using Gflow.Core.Contracts;

namespace Gflow.Cli.Gqueue;

/// <summary><c>gqueue</c>: lists jobs.</summary>
internal static class GqueueCommand
{
    internal const string DefaultColumns = "JOBID,NAME,ST,TIME,GPUS,EXIT,REASON";

    private const string Yaml = "yaml";

    internal static CommandSpec Make() => new()
    {
        Name = "gqueue",
        Summary = "List jobs",
        Notes =
        [
            "Without options: your own jobs that wait, are held or run. Asked for by number (-j), or by when they were submitted (--since), jobs are shown in any state, and by number also those of others; a number that does not exist is named, and makes the exit code 1. All filters must hold together.",
            "An array or sweep is one line, with a bar: what has succeeded (█), failed (×), runs (▒), waits (░) and was cancelled (-). Its tasks are shown one by one with --tasks, -g, -t, -j and -N, and in JSON, CSV and YAML.",
            $"Columns: {string.Join(", ", JobColumns.Names)}. NAME is the name that the job was given, else its script or the first word of its command. GPUS has the indices in brackets, such as [0,1], of a job that holds some, and how many it wants or had otherwise. EXIT is the exit code, or the signal that ended the job.",
            $"States: {StateFilter.Names}. A job is Ending from when it is told to end until its last process is gone; it counts as running.",
            "On a terminal, or with COLUMNS set, what is too wide is cut, but never a number or a state; pipes and files get everything.",
        ],
        Options =
        [
            new("--user", ["-u", "--users"], "USERS", "Jobs of these users (comma list); all or * for everybody (default you)"),
            new("--limit", ["-n"], "N", "Only the first N, or the last N for -N; 0 for all (default 0)"),
            new("--all", ["-a"], null, "Jobs in every state"),
            new("--completed", ["-c"], null, "Only ended jobs"),
            new("--states", ["-s"], "STATES", "Only these states (comma list of names or codes); all for every state"),
            new("--since", [], "TIME", "Only jobs submitted since, in any state: 2h, 7d, 1w, today, yesterday, a date, Unix seconds"),
            new("--sort", ["-r"], "KEY", "id, state, time, name, gpus or priority (default id)"),
            new("--jobs", ["-j", "--job"], "JOBS", "Only these jobs, in any state: numbers and ranges, @ or @~N (comma list)"),
            new("--names", ["-N"], "NAMES", "Only jobs with these names (comma list, or one name that has commas; repeatable)") { Repeatable = true },
            new("--project", ["-P"], "PROJECT", "Only jobs of this project"),
            new("--format", ["-f"], "COLUMNS", $"Columns (comma list; default {DefaultColumns})"),
            new("--group", ["-g"], null, "One table for each state"),
            new("--tasks", [], null, "Each task of an array or sweep on a line of its own"),
            new("--tree", ["-t"], null, "Jobs under those they depend on or repeat"),
            new("--output", ["-o"], "FORMAT", "table, json, csv or yaml (default table)"),
            new("--watch", ["-w"], null, "Show again and again until Ctrl+C"),
            new("--interval", [], "SECONDS", "Pause of --watch: seconds from 1, or 1m (default 2)"),
            new("--tmux", ["-T"], null, "Has no effect any more: jobs run without tmux"),
        ],
        Exclusive = [["--completed", "--all"], ["--completed", "--states"], ["--all", "--states"], ["--group", "--tree"]],
        Examples =
        [
            new("gqueue", "Your waiting and running jobs"),
            new("gqueue -u all -s R", "Everybody's running jobs"),
            new("gqueue --since 7d -r time", "All of yours of the last seven days, by start"),
            new("gqueue -a -n -10", "Your last ten, in whatever state"),
            new("gqueue --tasks", "With each task of an array"),
            new("gqueue -t", "As a tree of dependencies"),
            new("gqueue -f JOBID,STATE,EXIT,COMMAND -j 7,9-12", "Chosen columns of chosen jobs"),
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

        var output = OutputFormat.Read(invocation, [OutputFormat.Table, OutputFormat.Json, OutputFormat.Csv, Yaml]);
        var wanted = await WantedJobs.ReadAsync(invocation, sumsGroupsUp: output == OutputFormat.Table, cancel);
        var columns = JobColumns.Read(invocation.Text("--format") ?? DefaultColumns);
        if (!invocation.Has("--watch"))
        {
            if (invocation.Has("--interval"))
            {
                throw Invocation.Wrong("--interval is the pause of --watch; give both");
            }

            var found = await ShowAsync(invocation.Out, invocation, wanted, columns, output, cancel);
            if (wanted.Missing(found) is not { } missing)
            {
                return ExitCodes.Done;
            }

            invocation.Complain(missing);
            return ExitCodes.Refused;
        }

        await Watch.RunAsync(invocation, output == OutputFormat.Table, view => ShowAsync(view, invocation, wanted, columns, output, cancel), cancel);
        return ExitCodes.Done;
    }

    /// <returns>The jobs that were found.</returns>
    private static async Task<IReadOnlyList<JobView>> ShowAsync(
        TextWriter writer, Invocation invocation, WantedJobs wanted, IReadOnlyList<JobColumn> columns, string output, CancellationToken cancel)
    {
        var matching = wanted.Choose(Invocation.Need(await invocation.Client.ListAsync(wanted.Query, cancel)));
        var jobs = wanted.Limited(matching);
        switch (output)
        {
            case OutputFormat.Json:
                JobLists.WriteJson(writer, jobs, invocation.Now);
                break;
            case Yaml:
                JobLists.WriteYaml(writer, jobs, invocation.Now);
                break;
            case OutputFormat.Csv:
                JobLists.WriteCsv(writer, jobs, invocation.Now);
                break;
            default:
                Table(writer, invocation, wanted, columns, jobs, matching.Count);
                break;
        }

        return matching;
    }

    private static void Table(
        TextWriter writer, Invocation invocation, WantedJobs wanted, IReadOnlyList<JobColumn> columns, IReadOnlyList<JobView> jobs, int total)
    {
        if (jobs.Count == 0)
        {
            if (!wanted.ExpectsAll)
            {
                writer.WriteLine("No jobs found.");
            }

            return;
        }

        if (jobs.Count < total)
        {
            writer.WriteLine($"Showing {(wanted.Limit > 0 ? "first" : "last")} {jobs.Count} of {total} jobs (-n 0 shows all)\n");
        }

        var view = new JobTableView(columns, invocation.Now, invocation.Palette, invocation.Context.Width);
        if (invocation.Has("--group"))
        {
            view.WriteGroups(writer, jobs);
        }
        else if (invocation.Has("--tree"))
        {
            view.WriteTree(writer, jobs);
        }
        else
        {
            view.Write(writer, jobs);
        }
    }
}
