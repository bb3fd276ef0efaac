using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Storage;

/// <summary>A disk that fails, is full, or takes the daemon with it, at each call that brings something to it.</summary>
public sealed class StoreFaultSweepTests(Installation installed)
{
    /// <summary>A few points of each kind here; every one with GFLOW_FAULT_POINTS=all.</summary>
    private static readonly bool All = Environment.GetEnvironmentVariable("GFLOW_FAULT_POINTS") == "all";

    /// <summary>So many runs in a row that have no such call any more are the end of a sweep: how many calls a run has depends on what shares a commit.</summary>
    private const int Unharmed = 3;

    public static TheoryData<DiskFault, DiskCall, Moment> Sweeps =>
    [
        .. from moment in Enum.GetValues<Moment>()
           from call in Enum.GetValues<DiskCall>()
           from fault in Enum.GetValues<DiskFault>()
           select new TheoryDataRow<DiskFault, DiskCall, Moment>(fault, call, moment),
    ];

    [Theory]
    [MemberData(nameof(Sweeps))]
    public async Task What_was_acknowledged_is_there_and_what_was_refused_is_not(DiskFault fault, DiskCall call, Moment moment)
    {
        var tally = new FaultTally(fault, call, moment);
        var unharmed = 0;
        foreach (var number in All ? Every(call, moment) : Some(call, moment))
        {
            var outcome = await FaultRun.AtAsync(installed, new FaultPoint(fault, call, moment, number));
            tally.Add(number, outcome);
            unharmed = outcome.Happened ? 0 : unharmed + 1;
            if (unharmed == Unharmed)
            {
                break;
            }
        }

        tally.Report();
        Assert.True(tally.Findings.Count == 0, string.Join("\n", tally.Findings));
        Assert.True(All || unharmed == 0, "a run had no such call");
    }

    /// <summary>Each sync; of the many writes one in so many.</summary>
    private static IEnumerable<int> Every(DiskCall call, Moment moment)
    {
        var step = (call, moment) switch
        {
            (DiskCall.Sync, _) => 1,
            (_, Moment.Work) => 97,
            _ => 7,
        };
        for (var number = 1; ; number += step)
        {
            yield return number;
        }
    }

    private static int[] Some(DiskCall call, Moment moment) => (call, moment) switch
    {
        (DiskCall.Sync, Moment.Work) => [12],
        (DiskCall.Write, Moment.Work) => [150],
        (DiskCall.Sync, _) => [1],
        _ => [2],
    };
}
