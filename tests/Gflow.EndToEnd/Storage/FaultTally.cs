using System.Globalization;

namespace Gflow.EndToEnd.Storage;

/// <summary>The sum of one sweep.</summary>
internal sealed class FaultTally(DiskFault fault, DiskCall call, Moment moment)
{
    private static readonly Lock Figures = new();

    private int _points;
    private int _acknowledged;
    private int _refused;
    private int _lost;
    private int _wrong;

    /// <summary>Everything that should not be, with its point.</summary>
    public List<string> Findings { get; } = [];

    public void Add(int number, FaultOutcome outcome)
    {
        _points += outcome.Happened ? 1 : 0;
        _acknowledged += outcome.Acknowledged;
        _refused += outcome.Refused;
        _lost += outcome.Lost.Count;
        _wrong += outcome.Wrong.Count;
        Findings.AddRange(outcome.Lost.Concat(outcome.Wrong).Select(finding => $"{fault} at {call} {number} of {moment}: {finding}"));
    }

    /// <summary>For a table, which wants figures beside the verdict.</summary>
    public void Report()
    {
        if (Environment.GetEnvironmentVariable("GFLOW_FIGURES") is { } file)
        {
            lock (Figures)
            {
                File.AppendAllText(file, string.Create(CultureInfo.InvariantCulture, $"{moment} {call} {fault} {_points} {_acknowledged} {_lost} {_wrong} {_refused}\n"));
            }
        }
    }
}
