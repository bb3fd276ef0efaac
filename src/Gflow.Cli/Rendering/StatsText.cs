using System.Globalization;
using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Cli.Rendering;

/// <summary>Statistics for people.</summary>
/// <param name="zone">In which they read times.</param>
/// <param name="width">Columns to fit into, where bars are drawn; null for as wide as it takes, without bars.</param>
internal sealed class StatsText(StatsAnswer stats, TimeZoneInfo zone, Palette palette, int? width)
{
    private const int Gap = 2;
    private const int LongestBar = 30;
    private const int ShortestScale = 8;
    private const string None = "-";

    internal void Write(TextWriter writer)
    {
        var since = stats.Since is { } seconds ? $" since {InstantText.FormatZoned(DateTimeOffset.FromUnixTimeSeconds(seconds), zone)}" : "";
        var whose = $"of {(stats.User is { } user ? SafeText.Line(user) : "all users")}{since}";
        if (stats.TotalJobs == 0)
        {
            writer.WriteLine(Fitted($"No jobs {whose}."));
            return;
        }

        Heading(writer, $"{JobText.Count(stats.TotalJobs)} job{(stats.TotalJobs == 1 ? "" : "s")} {whose}");
        States().Write(writer, palette, width);
        Section(writer, "Efficiency", Times());
        Fact(writer, "Success rate", $"{Percent(stats.SuccessRate)} of those that have ended");
        Fact(writer, "GPU-hours", Decimals(stats.TotalGpuHours));
        writer.WriteLine();
        Heading(writer, "GPUs");
        Fact(writer, "Jobs with GPUs", $"{JobText.Count(stats.JobsWithGpus)} ({Share(stats.JobsWithGpus)})");
        Fact(writer, "GPUs per job", $"{Decimals(stats.AvgGpusPerJob)} on average, {JobText.Count(stats.PeakGpuUsage)} at most");
        if (stats.User is null)
        {
            Usage(writer, "Users", "USER", stats.Users, stats.MoreUsers);
        }

        Usage(writer, "Projects", "PROJECT", stats.Projects, stats.MoreProjects);
        if (stats.TopJobs.Count > 0)
        {
            Section(writer, "Longest jobs", Longest());
        }
    }

    private TextTable States()
    {
        List<(JobState State, int Jobs)> states =
        [
            (JobState.Queued, stats.QueuedJobs), (JobState.Hold, stats.HeldJobs), (JobState.Running, stats.RunningJobs), (JobState.Finished, stats.CompletedJobs),
            (JobState.Failed, stats.FailedJobs), (JobState.Cancelled, stats.CancelledJobs), (JobState.Timeout, stats.TimeoutJobs),
        ];
        var table = new TextTable(["STATE", "JOBS", "SHARE", ""], Gap, [], [0, 1]) { LeftOutFirst = [3] };
        foreach (var (state, jobs) in states.Where(state => state.Jobs > 0))
        {
            table.Add(new Cell(state.ToString(), StateStyle.Of(state)), JobText.Count(jobs), Share(jobs), Bar(jobs, states.Max(other => other.Jobs), 35));
        }

        return table;
    }

    private TextTable Times()
    {
        var table = new TextTable(["TIME", "AVERAGE", "P50", "P90", "P99", "LONGEST"], Gap, [], [0, 1]) { LeftOutFirst = [4, 3, 2] };
        Add("Waiting", stats.AvgWaitSecs, stats.WaitSecs);
        Add("Running", stats.AvgRuntimeSecs, stats.RuntimeSecs);
        return table;

        void Add(string name, double? average, SecondsView? of) => table.Add(name, Clock(average), Clock(of?.P50), Clock(of?.P90), Clock(of?.P99), Clock(of?.Max));
    }

    private void Usage(TextWriter writer, string title, string header, IReadOnlyList<UsageView> rows, int more)
    {
        if (rows.Count == 0)
        {
            return;
        }

        var table = new TextTable([header, "JOBS", "SUCCESS", "WAIT P50", "WAIT P90", "GPU-HOURS", ""], Gap, [0], [1, 5]) { LeftOutFirst = [6, 4, 3, 2] };
        foreach (var row in rows)
        {
            table.Add(
                SafeText.Line(row.Name),
                JobText.Count(row.TotalJobs),
                row.CompletedJobs + row.FailedJobs + row.CancelledJobs + row.TimeoutJobs > 0 ? Percent(row.SuccessRate) : None,
                Clock(row.WaitSecs?.P50),
                Clock(row.WaitSecs?.P90),
                Decimals(row.TotalGpuHours),
                Bar(row.TotalGpuHours, rows[0].TotalGpuHours, 63));
        }

        Section(writer, title, table);
        if (more > 0)
        {
            writer.WriteLine(Fitted($" … and {JobText.Count(more)} more"));
        }
    }

    private TextTable Longest()
    {
        var table = new TextTable(["JOBID", "NAME", "RUNTIME", "GPUS"], Gap, [1], [0, 2]);
        foreach (var job in stats.TopJobs)
        {
            table.Add(JobText.Count(job.Id), SafeText.Line(job.Name), Clock(job.RuntimeSecs), JobText.Count(job.Gpus));
        }

        return table;
    }

    private void Section(TextWriter writer, string title, TextTable table)
    {
        writer.WriteLine();
        Heading(writer, title);
        table.Write(writer, palette, width);
    }

    private void Heading(TextWriter writer, string text) => writer.WriteLine(palette.Paint(Fitted(text), Palette.Heading));

    private void Fact(TextWriter writer, string name, string value) => writer.WriteLine(Fitted($" {name,-14}  {value}"));

    private string Fitted(string line) => TextWidth.Cut(line, width ?? int.MaxValue);

    /// <summary>A bar as long as the value is large, beside the largest one's; nothing where there is no room to compare them.</summary>
    /// <param name="beside">Columns that the rest of a line takes.</param>
    private Cell Bar(double value, double largest, int beside) => Math.Min(LongestBar, (width ?? 0) - beside) is >= ShortestScale and var room && value > 0
        ? new Cell(new string('█', Math.Max(1, (int)Math.Round(value / largest * room))), Palette.Placeholder)
        : "";

    private string Share(int jobs) => Percent(100.0 * jobs / stats.TotalJobs);

    private static string Percent(double percent) => string.Create(CultureInfo.InvariantCulture, $"{percent:0.0}%");

    private static string Decimals(double number) => number.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Clock(double? seconds) => seconds is { } length ? DurationText.Format(TimeSpan.FromSeconds(length)) : None;
}
