using System.Globalization;
using Gflow.Cli.Choosing;
using Gflow.Cli.Rendering;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Cli.Gstats;

/// <summary><c>gstats</c>: usage statistics.</summary>
internal static class GstatsCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "gstats",
        Summary = "Show usage statistics",
        Notes =
        [
            "Without options: of all your jobs, whatever became of them. Those that run count with the time that they have run so far.",
            "Waiting is from submission to start, of jobs that have started; running from start to end, of jobs that finished, failed or timed out. Half of them are no longer than P50, and 90 and 99 percent no longer than P90 and P99. GPU-hours are the GPUs asked for times the hours from start to end. The success rate is how many of the jobs that have ended have finished; cancelled ones count as ended.",
            "On a terminal, or with COLUMNS set, bars are drawn and nothing is wider than that; pipes and files get everything, and no bars.",
        ],
        Options =
        [
            new("--user", ["-u"], "USER", "Jobs of this user; all or * for everybody (default you)"),
            new("--all-users", ["-a"], null, "Jobs of everybody, and a line for each user"),
            new("--since", ["-t"], "TIME", "Only jobs submitted since: 2h, 7d, 1w, today, yesterday, a date, Unix seconds"),
            new("--output", ["-o"], "FORMAT", "table, json or csv (default table)"),
        ],
        Exclusive = [["--user", "--all-users"]],
        Examples =
        [
            new("gstats", "Your own jobs"),
            new("gstats -a -t 7d", "Everybody's of the last seven days"),
            new("gstats -u dana --since 2031-05-01", "Those of one user since a date"),
            new("gstats -a -o csv", "The main numbers for spreadsheets"),
            new("gstats -a --json", "All numbers, for programs"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var output = OutputFormat.Read(invocation, [OutputFormat.Table, OutputFormat.Json, OutputFormat.Csv]);
        DateTimeOffset? since = invocation.Text("--since") is { } time
            ? Invocation.NeedUsage(InstantText.ParseSince(time, invocation.Now, Invocation.Need(invocation.Zone)), "--since")
            : null;
        var stats = Invocation.Need(await invocation.Client.StatsAsync(User(invocation), since, cancel));
        switch (output)
        {
            case OutputFormat.Json:
                invocation.WriteJson(stats, WireJson.Default.StatsAnswer);
                break;
            case OutputFormat.Csv:
                WriteCsv(invocation.Out, stats);
                break;
            default:
                new StatsText(stats, Invocation.Need(invocation.Zone), invocation.Palette, invocation.Context.Width).Write(invocation.Out);
                break;
        }

        return ExitCodes.Done;
    }

    /// <returns>Null for everybody.</returns>
    private static string? User(Invocation invocation) => UserList.Read(invocation, invocation.Has("--all-users") ? "all" : invocation.Text("--user")) switch
    {
        [] => null,
        [var one] => one,
        _ => throw Invocation.Wrong($"--user takes one user, not \"{invocation.Text("--user")}\"; --all-users has a line for each"),
    };

    private static void WriteCsv(TextWriter writer, StatsAnswer stats)
    {
        (string Metric, FormattableString Value)[] rows =
        [
            ("total_jobs", $"{stats.TotalJobs}"),
            ("completed_jobs", $"{stats.CompletedJobs}"),
            ("failed_jobs", $"{stats.FailedJobs}"),
            ("cancelled_jobs", $"{stats.CancelledJobs}"),
            ("timeout_jobs", $"{stats.TimeoutJobs}"),
            ("running_jobs", $"{stats.RunningJobs}"),
            ("queued_jobs", $"{stats.QueuedJobs}"),
            ("avg_wait_secs", $"{stats.AvgWaitSecs:0.0}"),
            ("avg_runtime_secs", $"{stats.AvgRuntimeSecs:0.0}"),
            ("total_gpu_hours", $"{stats.TotalGpuHours:0.00}"),
            ("jobs_with_gpus", $"{stats.JobsWithGpus}"),
            ("avg_gpus_per_job", $"{stats.AvgGpusPerJob:0.00}"),
            ("peak_gpu_usage", $"{stats.PeakGpuUsage}"),
            ("success_rate", $"{stats.SuccessRate:0.0}"),
        ];
        writer.WriteLine("metric,value");
        foreach (var (metric, value) in rows)
        {
            writer.WriteLine($"{metric},{value.ToString(CultureInfo.InvariantCulture)}");
        }
    }
}
