using System.Globalization;
using System.Text;
using System.Text.Json;
using Gflow.Core.Contracts;

namespace Gflow.EndToEnd.History;

/// <summary>
/// Somebody who submits jobs and does this and that to his own, as a seed says, whatever happens to the daemon. Believes what he is
/// answered, and leaves a job alone of which he no longer knows how it is.
/// </summary>
internal sealed class Person(int seed, string socket, Workload work, Recorder recorder) : IDisposable
{
    /// <summary>So many that only the one who keeps some of them for himself prevents it from starting.</summary>
    public const int TooManyGpus = 4;

    private const int LargestBatch = 20;

    /// <summary>From here on he gets rid of jobs rather than submit more.</summary>
    private const int MostWaiting = 50;

    /// <summary>What he does, as often in proportion.</summary>
    private static readonly (Request Request, int Share)[] Habits =
    [
        (Request.Submit, 5), (Request.Cancel, 28), (Request.Hold, 4), (Request.Release, 4), (Request.Update, 4), (Request.Redo, 1),
        (Request.Show, 4), (Request.List, 1),
    ];

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly Random _random = new(seed);
    private readonly Wire _wire = new(socket, recorder);
    private readonly List<uint> _queued = [];
    private readonly List<uint> _held = [];
    private uint _ended;

    public void Dispose() => _wire.Dispose();

    public async Task WorkAsync()
    {
        while (!work.IsOver)
        {
            var request = Choose();
            var jobs = request == Request.Submit && _random.Next(2) == 0 ? _random.Next(2, LargestBatch + 1) : 1;
            if (work.TryTake(jobs))
            {
                await DoAsync(request, jobs);
            }
            else
            {
                await Task.Delay(Pause, CancellationToken.None);
            }
        }
    }

    private Request Choose()
    {
        var dice = _random.Next(Habits.Sum(habit => habit.Share));
        var request = Habits.First(habit => (dice -= habit.Share) < 0).Request;
        return request switch
        {
            Request.Submit when _queued.Count > MostWaiting => Request.Cancel,
            Request.Release when _held.Count == 0 => Request.Hold,
            Request.Redo when _ended == 0 => Request.Submit,
            _ => request,
        } is var possible && possible is Request.Cancel or Request.Hold or Request.Update or Request.Show && _queued.Count == 0 ? Request.Submit : possible;
    }

    private Task DoAsync(Request request, int jobs) => request switch
    {
        Request.Submit => SubmitAsync(jobs),
        Request.Redo => RedoAsync(),
        Request.Hold => MoveAsync(request, HttpMethod.Post, "/hold", _queued, _held),
        Request.Release => MoveAsync(request, HttpMethod.Post, "/release", _held, _queued),
        Request.Cancel => CancelAsync(),
        Request.Update => MoveAsync(request, HttpMethod.Patch, "", _queued, _queued, Limit),
        Request.Show => AskAsync(new(work.NextNumber(), request, HttpMethod.Get, Path(_queued[^1]), null, null, _queued[^1], 0)),
        _ => AskAsync(new(work.NextNumber(), request, HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"jobs?order=desc&limit={_random.Next(1, 10)}"), null, null, 0, 0)),
    };

    private async Task SubmitAsync(int jobs)
    {
        var operation = work.NextNumber();
        var drafts = Enumerable.Range(0, jobs).Select(_ => Draft(operation)).ToList();
        var call = await AskAsync(jobs == 1
            ? new(operation, Request.Submit, HttpMethod.Post, "jobs", JsonSerializer.SerializeToUtf8Bytes(drafts[0], WireJson.Default.SubmissionDraft), Key(operation), 0, 1)
            : new(operation, Request.Submit, HttpMethod.Post, "jobs/batch", JsonSerializer.SerializeToUtf8Bytes(drafts, WireJson.Default.ListSubmissionDraft), Key(operation), 0, jobs));
        _queued.AddRange(call.Ids.Where((_, i) => drafts[i].Gpus == TooManyGpus));
    }

    private async Task RedoAsync()
    {
        var operation = work.NextNumber();
        var overrides = new SubmissionDraft { Name = Name(operation) };
        var call = await AskAsync(new(operation, Request.Redo, HttpMethod.Post, Path(_ended) + "/redo", JsonSerializer.SerializeToUtf8Bytes(overrides, WireJson.Default.SubmissionDraft), Key(operation), 0, 1));
        _queued.AddRange(call.Ids);
    }

    private async Task CancelAsync()
    {
        var job = _queued[_random.Next(_queued.Count)];
        List<uint> cancelled = [];
        await MoveAsync(Request.Cancel, HttpMethod.Post, "/cancel", _queued, cancelled, job: job);
        _ended = cancelled is [var ended] ? ended : _ended;
    }

    /// <summary>Does something to a job, which is among others afterwards.</summary>
    private async Task MoveAsync(Request request, HttpMethod method, string path, List<uint> from, List<uint> to, Func<int, byte[]>? body = null, uint job = 0)
    {
        var operation = work.NextNumber();
        job = job == 0 ? from[_random.Next(from.Count)] : job;
        from.Remove(job);
        var call = await AskAsync(new(operation, request, method, Path(job) + path, body?.Invoke(operation), Key(operation, body is not null), job, 0));
        if (!call.Broken)
        {
            (call.Done ? to : from).Add(job);
        }
    }

    /// <summary>Asks until there is an answer, or until he has enough of it.</summary>
    /// <returns>The last try.</returns>
    private async Task<Call> AskAsync(Errand errand)
    {
        while (true)
        {
            var call = await _wire.AskAsync(errand);
            if (call.Done)
            {
                return errand.Key is not null && _random.Next(20) == 0 ? await _wire.AskAsync(errand) is { Done: true } again ? again : call : call;
            }

            await Task.Delay(Pause, CancellationToken.None);
            if (!(call.Status == 503 || (call.Broken && errand.Key is not null)) || _random.Next(50) == 0)
            {
                return call;
            }
        }
    }

    /// <summary>A time limit that the job did not have.</summary>
    private static byte[] Limit(int operation) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"time_limit": {"secs": {{1000 + operation}}, "nanos": 0} }"""));

    /// <summary>Most wait; the others run at once or in turn on the one GPU that is left, and succeed, fail or take too long.</summary>
    private SubmissionDraft Draft(int operation)
    {
        var draft = new SubmissionDraft { Name = Name(operation), RunDir = "/", Command = "true" };
        return _random.Next(100) switch
        {
            < 85 => draft with { Gpus = TooManyGpus },
            < 92 => draft,
            < 96 => draft with { Command = "exit 3" },
            < 99 => draft with { Gpus = 1 },
            _ => draft with { Command = "sleep 100000", TimeLimit = WireDuration.From(TimeSpan.FromSeconds(1)) },
        };
    }

    /// <summary>What has no body is always asked under a key: HTTP libraries send such a request again by themselves.</summary>
    private string? Key(int operation, bool hasBody = true) => hasBody && _random.Next(4) == 0 ? null : Name(operation);

    private static string Name(int operation) => string.Create(CultureInfo.InvariantCulture, $"op-{operation}");

    private static string Path(uint job) => string.Create(CultureInfo.InvariantCulture, $"jobs/{job}");
}
