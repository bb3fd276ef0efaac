using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Statistics;

/// <summary>What some jobs come to.</summary>
internal sealed class Tally
{
    private readonly int[] _ofState = new int[(int)JobState.Timeout + 1];

    // Not in floating point: the sum must not depend on the order.
    private Int128 _gpuMilliseconds;
    private long _gpus;

    public int Jobs { get; private set; }

    public int WithGpus { get; private set; }

    public int MostGpus { get; private set; }

    public double GpuHours => (double)_gpuMilliseconds / TimeSpan.MillisecondsPerHour;

    public double GpusPerJob => Jobs > 0 ? (double)_gpus / Jobs : 0;

    public double SuccessRate => JobStates.All.Where(state => state.IsFinal()).Sum(Of) is > 0 and var ended ? 100.0 * Of(JobState.Finished) / ended : 0;

    public Durations Waits { get; } = new();

    public Durations Runtimes { get; } = new();

    public int Of(JobState state) => _ofState[(int)state];

    /// <summary>How long a job has run at the instant; null when it has not started. A clock that was set back makes it nothing.</summary>
    public static TimeSpan? Runtime(JobFigures job, DateTimeOffset now) => Between(job.StartedAt, job.EndedAt ?? now);

    public void Add(JobFigures job, DateTimeOffset now)
    {
        Jobs++;
        _ofState[(int)job.State]++;
        _gpus += job.Gpus;
        WithGpus += job.Gpus > 0 ? 1 : 0;
        MostGpus = Math.Max(MostGpus, job.Gpus);
        if (Runtime(job, now) is not { } runtime)
        {
            return;
        }

        Waits.Add(Between(job.SubmittedAt, job.StartedAt!.Value)!.Value);
        _gpuMilliseconds += (Int128)job.Gpus * (long)runtime.TotalMilliseconds;
        if (job.State is JobState.Finished or JobState.Failed or JobState.Timeout)
        {
            Runtimes.Add(runtime);
        }
    }

    public static Tally Sum(IEnumerable<Tally> parts)
    {
        var sum = new Tally();
        foreach (var part in parts)
        {
            sum.Jobs += part.Jobs;
            foreach (var state in JobStates.All)
            {
                sum._ofState[(int)state] += part.Of(state);
            }

            sum._gpuMilliseconds += part._gpuMilliseconds;
            sum._gpus += part._gpus;
            sum.WithGpus += part.WithGpus;
            sum.MostGpus = Math.Max(sum.MostGpus, part.MostGpus);
            sum.Waits.Add(part.Waits);
            sum.Runtimes.Add(part.Runtimes);
        }

        return sum;
    }

    public UsageView View(string name) => new(
        name,
        Jobs,
        Of(JobState.Finished),
        Of(JobState.Failed),
        Of(JobState.Cancelled),
        Of(JobState.Timeout),
        Of(JobState.Running),
        Of(JobState.Queued),
        Of(JobState.Hold),
        GpuHours,
        SuccessRate,
        Waits.Average,
        Waits.Percentiles());

    private static TimeSpan? Between(DateTimeOffset? from, DateTimeOffset to) =>
        from is { } start ? (to > start ? to - start : TimeSpan.Zero) : null;
}
