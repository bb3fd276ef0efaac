using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Cli.Rendering;

/// <summary>Lists of jobs as tables: plain, one for each state, or as a tree.</summary>
internal sealed class JobTableView(IReadOnlyList<JobColumn> columns, DateTimeOffset now, Palette palette, int? width)
{
    private const int Gap = 3;
    private const int GroupRule = 60;

    // Each level takes two columns, and the rest of the terminal is for what a row says.
    private const int UsualWidth = 120;
    private const int LeastBesideTree = 40;
    private const int DeepestTree = 20;

    private static readonly JobState[] GroupOrder =
        [JobState.Running, JobState.Queued, JobState.Hold, JobState.Finished, JobState.Failed, JobState.Cancelled, JobState.Timeout];

    internal void Write(TextWriter writer, IEnumerable<JobView> jobs)
    {
        var table = Table();
        foreach (var job in jobs)
        {
            table.Add(Cells(job));
        }

        table.Write(writer, palette, width);
    }

    internal void WriteGroups(TextWriter writer, IReadOnlyList<JobView> jobs)
    {
        var first = true;
        foreach (var state in GroupOrder)
        {
            var members = jobs.Where(job => JobText.State(job) == state).ToList();
            if (members.Count == 0)
            {
                continue;
            }

            if (!first)
            {
                writer.WriteLine();
            }

            first = false;
            writer.WriteLine($"{state} ({members.Count})");
            writer.WriteLine(new string('─', Math.Min(GroupRule, width ?? GroupRule)));
            Write(writer, members);
        }
    }

    /// <summary>The prefix shows only in a first column with the job's number.</summary>
    internal void WriteTree(TextWriter writer, IReadOnlyList<JobView> jobs)
    {
        var table = Table();
        foreach (var row in JobTree.Rows(jobs, Math.Clamp(((width ?? UsualWidth) - LeastBesideTree) / 4, 0, DeepestTree)))
        {
            var cells = row.IsReference ? [.. columns.Select(_ => new Cell("-"))] : Cells(row.Job);
            if (columns[0].Name == JobColumns.Id)
            {
                cells[0] = row.Prefix + (row.IsReference ? $"→ see job {row.Job.Id}" : cells[0].Text);
            }

            table.Add(cells);
        }

        table.Write(writer, palette, width);
    }

    private TextTable Table() => new([.. columns.Select(column => column.Header)], Gap, Those(ColumnFit.Elastic), Those(ColumnFit.Whole));

    private HashSet<int> Those(ColumnFit fit) => columns.Index().Where(column => column.Item.Fit == fit).Select(column => column.Index).ToHashSet();

    private Cell[] Cells(JobView job)
    {
        var cells = new Cell[columns.Count];
        for (var column = 0; column < cells.Length; column++)
        {
            cells[column] = columns[column].Show(job, now);
        }

        return cells;
    }
}
