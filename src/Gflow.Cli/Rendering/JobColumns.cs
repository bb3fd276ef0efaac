using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Cli.Rendering;

/// <param name="Header">As the user wrote it.</param>
/// <param name="Elastic">Whether it may be cut on a narrow terminal.</param>
internal sealed record JobColumn(string Name, string Header, bool Elastic, Func<JobView, DateTimeOffset, Cell> Show);

/// <summary>The columns that lists of jobs can have.</summary>
internal static class JobColumns
{
    internal const string Id = "JOBID";

    private static readonly JobColumn[] All =
    [
        Column(Id, (job, _) => JobText.Count(job.Id)),
        Column("NAME", (job, _) => new Cell(SafeText.Line(JobText.Name(job)), null, job.Alive is true ? " ○" : ""), elastic: true),
        Column("ST", (job, _) => State(job, code: true)),
        Column("STATE", (job, _) => State(job, code: false)),
        Column("TIME", (job, now) => JobText.Elapsed(job, now)),
        Column("TIMELIMIT", (job, _) => JobText.Limit(job, "UNLIMITED")),
        Column("NODES", (job, _) => JobText.Count(job.Gpus)),
        Column("MEMORY", (job, _) => job.MemoryLimitMb is { } memory ? MemoryText.Format(memory) : "-"),
        Column("NODELIST(REASON)", (job, _) => SafeText.Line(JobText.GpusOrReason(job)), elastic: true),
        Column("REASON", (job, _) => SafeText.Line(job.ReasonText ?? JobText.Reason(job) ?? "-"), elastic: true),
        Column("USER", (job, _) => SafeText.Line(job.SubmittedBy), elastic: true),
        Column("PROJECT", (job, _) => SafeText.Line(job.Project ?? "-"), elastic: true),
        Column("PRIORITY", (job, _) => JobText.Count(job.Priority)),
        Column("EXIT", (job, _) => job.Signal is { } signal ? SafeText.Line(signal) : (job.ExitCode is { } code ? JobText.Count(code) : "-")),
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

    private static JobColumn Column(string name, Func<JobView, DateTimeOffset, Cell> show, bool elastic = false) => new(name, name, elastic, show);

    private static Cell State(JobView job, bool code)
    {
        var state = JobText.State(job);
        return new(code ? Core.Jobs.JobStates.Code(state) : state.ToString(), StateStyle.Of(state));
    }
}
