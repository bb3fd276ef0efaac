using System.Collections.Concurrent;
using Gflow.Client;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Survival;

/// <summary>People who submit, hold, release and cancel as long as they may, and believe in what they were answered and in nothing else.</summary>
internal sealed class Submitters(Machine machine)
{
    private const int People = 4;

    private readonly ConcurrentDictionary<(uint Job, string Event), byte> _acknowledged = new();
    private Task _work = Task.CompletedTask;
    private int _allowed;
    private volatile bool _ended;

    /// <summary>What was answered: events that are therefore on disk.</summary>
    public ICollection<(uint Job, string Event)> Acknowledged => _acknowledged.Keys;

    /// <summary>How many answers there have been.</summary>
    public int Count => _acknowledged.Count;

    /// <summary>Begins, with all GPUs taken for as long as the machine lives, so that most jobs wait.</summary>
    public async Task BeginAsync()
    {
        await machine.RunningAsync(await machine.SubmitAsync("-g", "4", "sleep 100000"));
        _work = Task.WhenAll(Enumerable.Range(0, People).Select(person => Task.Run(() => WorkAsync(person))));
    }

    /// <summary>Lets them go on until so many answers have come.</summary>
    public void Allow(int answers) => Volatile.Write(ref _allowed, answers);

    public Task EndAsync()
    {
        _ended = true;
        return _work;
    }

    private async Task WorkAsync(int person)
    {
        for (var turn = person; !_ended; turn++)
        {
            if (Count >= Volatile.Read(ref _allowed))
            {
                await Task.Delay(5, CancellationToken.None);
            }
            else if (await SubmitAsync(runs: turn % 20 == 0) is { } job)
            {
                await ActAsync(job);
            }
        }
    }

    /// <returns>The job, if it waits and was acknowledged.</returns>
    private async Task<JobId?> SubmitAsync(bool runs)
    {
        var answer = await machine.Client.SubmitAsync(new SubmissionDraft { Command = "true", Gpus = runs ? 0 : 1, RunDir = "/" }, CancellationToken.None);
        if (!answer.Ok)
        {
            await Task.Delay(5, CancellationToken.None);
            return null;
        }

        _acknowledged[(answer.Value.Id, "job_submitted")] = 0;
        return runs ? null : new JobId(answer.Value.Id);
    }

    private async Task ActAsync(JobId job)
    {
        // Whether the one that failed had its effect is not known, so the job is left as it is.
        if (await Acknowledged(machine.Client.HoldAsync(job), "job_held") && await Acknowledged(machine.Client.ReleaseAsync(job), "job_released"))
        {
            await Acknowledged(machine.Client.CancelAsync(job), "job_cancelled");
        }

        async Task<bool> Acknowledged<T>(Task<ClientResult<T>> asked, string happened)
        {
            var ok = (await asked).Ok;
            if (ok)
            {
                _acknowledged[(job.Value, happened)] = 0;
            }

            return ok;
        }
    }
}
