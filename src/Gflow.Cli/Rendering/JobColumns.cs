using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Cli.Rendering;

/// <param name="Header">As the user wrote it.</param>
/// <param name="Fit">What becomes of it on a narrow terminal.</param>
internal sealed record JobColumn(string Name, string Header, ColumnFit Fit, Func<JobView, DateTimeOffset, Cell> Show);

/// <summary>How a column gives way when a list is wider than the terminal.</summary>
internal enum ColumnFit
{
    /// <summary>It is cut last.</summary>
    Firm,

    /// <summary>It is cut first.</summary>
    Elastic,

    /// <summary>It is never cut: it tells which job and how it is.</summary>
    Whole,
}

/// <summary>The columns that lists of jobs can have.</summary>
internal static class JobColumns
{
    internal const string Id = "JOBID";

    private static readonly JobColumn[] All =
    [
        Column(Id, (job, _) => job.GroupStates is null ? JobText.Count(job.Id) : $"{JobText.Count(job.GroupNumber ?? job.Id)}_*", ColumnFit.Whole),
        Column("NAME", (job, _) => new Cell(SafeText.Line(JobText.Name(job)), null, job is { Alive: true, GroupStates: null } ? " ○" : ""), ColumnFit.Elastic),
        Column("ST", (job, _) => new Cell(JobText.StateCode(job), StateStyle.Of(job)), ColumnFit.Whole),
        Column("STATE", (job, _) => new Cell(JobText.StateName(job), StateStyle.Of(job)), ColumnFit.Whole),
        Column("TIME", (job, now) => job.GroupStates is null ? JobText.Elapsed(job, now) : "-"),
        Column("TIMELIMIT", (job, _) => JobText.Limit(job, "UNLIMITED")),
        Column("GPUS", (job, _) => job.GroupStates is null ? JobText.GpusHeldOrWanted(job) : JobText.Count(job.Gpus)),
        Column("EXIT", (job, _) => job.GroupStates is not null ? "-" : job.Signal is { } signal ? SafeText.Line(signal) : (job.ExitCode is { } code ? JobText.Count(code) : "-")),
        Column("REASON", (job, _) => job.GroupStates is { } states ? GroupBar.Of(states) : SafeText.Line(job.ReasonText ?? JobText.Reason(job) ?? "-"), ColumnFit.Elastic),
        Column("COMMAND", (job, _) => SafeText.Line(JobText.CommandLine(job) ?? "-"), ColumnFit.Elastic),
        Column("USER", (job, _) => SafeText.Line(job.SubmittedBy), ColumnFit.Elastic),
        Column("PROJECT", (job, _) => SafeText.Line(job.Project ?? "-"), ColumnFit.Elastic),
        Column("PRIORITY", (job, _) => JobText.Count(job.Priority)),
        Column("MEMORY", (job, _) => job.MemoryLimitMb is { } memory ? MemoryText.Format(memory) : "-"),
        Column("NODES", (job, _) => JobText.Count(job.Gpus)),
        Column("NODELIST(REASON)", (job, _) => job.GroupStates is { } states ? GroupBar.Of(states) : SafeText.Line(JobText.GpusOrReason(job)), ColumnFit.Elastic),
    ];

    internal static IEnumerable<string> Names => All.Select(column => column.Name);

    /// <summary>Reads a comma list of names, in any case.</summary>
    /// <exception cref="CommandFailedException">A name is unknown.</exception>
    internal static IReadOnlyList<JobColumn> Read(string text)
    {
        List<JobColumn> columns = [];
        foreach (var written in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var column = Array.Find(All, known => known.Name.Equals(written, StringComparison.OrdinalIgnoreCase))
                ?? throw Invocation.Wrong($"\"{written}\" is not a column; there are {string.Join(", ", Names)}");
            columns.Add(column with { Header = written });
        }

        return columns.Count > 0 ? columns : throw Invocation.Wrong($"--format names no column; there are {string.Join(", ", Names)}");
    }

    private static JobColumn Column(string name, Func<JobView, DateTimeOffset, Cell> show, ColumnFit fit = ColumnFit.Firm) => new(name, name, fit, show);
}
