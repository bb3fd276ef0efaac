using System.Text;
using System.Text.Json.Nodes;
using Gflow.EndToEnd.History;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Storage;

/// <summary>A day's work on a machine with one GPU, the same in every run: what is asked for one after the other, in two halves.</summary>
/// <param name="until">Waits for a job to be in a state.</param>
internal sealed class FaultScript(Machine machine, InsistentCaller caller, Func<uint, string, Task> until)
{
    /// <summary>So many pages of the database that its log is moved into it when they are stored.</summary>
    private const int LargeScript = 4 << 20;

    private const string Mark = "echo ran >> ran-$GFLOW_JOB_ID";

    private const string Far = """{"gpu_count": 1, "start_time": {"secs_since_epoch": 4102444800, "nanos_since_epoch": 0}, "duration_secs": 3600}""";

    private readonly List<uint> _waiting = [];
    private uint _failing;
    private uint _held;

    /// <summary>Its only reservation.</summary>
    public long Reservation { get; private set; }

    private string Break => machine.At("break");

    private string Go => machine.At("go");

    public async Task FirstHalfAsync()
    {
        var gpu = await SubmitAsync($"{Mark}; until [ -e {Go} ]; do sleep 0.02; done", gpus: 1);
        await until(gpu, "Running");
        await until(await SubmitAsync($"{Mark}; until [ -e {Break} ]; do sleep 0.02; done"), "Running");
        await until(await SubmitAsync(), "Finished");
        _failing = await SubmitAsync($"{Mark}; exit 3");
        await until(_failing, "Failed");
        _held = await SubmitAsync(Mark, gpus: 1);
        await ActAsync(_held, Request.Hold, "hold");
        await caller.AskAsync(operation => new Wish(operation, Request.Update, HttpMethod.Patch, $"/jobs/{_held}", """{"priority": 90}""", _held));
        await ActAsync(_held, Request.Release, "release");
        var batch = await caller.AskAsync(operation => Submission(
            operation, new JsonArray(Draft(operation, Mark, 1), Draft(operation, Mark, 1), Draft(operation, Mark, 1))) with
        { Path = "/jobs/batch", Jobs = 3 });
        _waiting.AddRange(InsistentCaller.Ids(batch));
        await ActAsync(_waiting[1], Request.Cancel, "cancel");
        var reserved = await caller.AskAsync(operation => new Wish(operation, null, HttpMethod.Post, "/reservations", Far));
        Reservation = JsonNode.Parse(reserved.Body)!["reservation_id"]!.GetValue<long>();
    }

    /// <summary>Between the halves a job ends.</summary>
    public async Task BreakAsync()
    {
        await File.WriteAllTextAsync(Break, "", TestContext.Current.CancellationToken);
        await machine.UntilAsync(() => Processes.Mentioning(Break).Count == 0, "the job that ends in the break has ended");
    }

    /// <summary>One job and nothing else.</summary>
    public Task<uint> SubmitAsync() => SubmitAsync(Mark);

    public async Task SecondHalfAsync()
    {
        await caller.AskAsync(operation => Submission(operation, Large(operation)));
        var again = await caller.AskAsync(operation => new Wish(operation, Request.Redo, HttpMethod.Post, $"/jobs/{_failing}/redo", $$"""{"name": "{{InsistentCaller.Name(operation)}}"}""", _failing, 1));
        await until(InsistentCaller.Ids(again).Single(), "Failed");
        var after = await caller.AskAsync(operation =>
        {
            var draft = Draft(operation, Mark, 0);
            draft["depends_on_ids"] = new JsonArray(_held);
            return Submission(operation, draft);
        });
        var endless = await SubmitAsync($"{Mark}; sleep 100000");
        await until(endless, "Running");
        await machine.FileAsync(Path.Combine(machine.Work, $"ran-{endless}"), text => text.EndsWith('\n'));
        await ActAsync(endless, Request.Cancel, "cancel");
        await until(endless, "Cancelled");
        await caller.AskAsync(operation => new Wish(operation, null, HttpMethod.Delete, $"/reservations/{Reservation}", null));
        await File.WriteAllTextAsync(Go, "", TestContext.Current.CancellationToken);
        await until(InsistentCaller.Ids(after).Single(), "Finished");
        await until(_waiting[0], "Finished");
        await until(_waiting[2], "Finished");
    }

    /// <summary>What must not be granted while nothing can be stored.</summary>
    /// <param name="job">One to be changed; null while there is none.</param>
    public IEnumerable<Func<int, Wish>> Probes(uint? job)
    {
        yield return operation => Submission(operation, Draft(operation, Mark, 0));
        if (job is { } id)
        {
            yield return operation => Act(operation, id, Request.Hold, "hold");
            yield return operation => Act(operation, id, Request.Cancel, "cancel");
        }
    }

    private async Task<uint> SubmitAsync(string command, int gpus = 0) =>
        InsistentCaller.Ids(await caller.AskAsync(operation => Submission(operation, Draft(operation, command, gpus)))).Single();

    private Task<Heard> ActAsync(uint job, Request request, string verb) => caller.AskAsync(operation => Act(operation, job, request, verb));

    private static Wish Act(int operation, uint job, Request request, string verb) => new(operation, request, HttpMethod.Post, $"/jobs/{job}/{verb}", null, job);

    private static Wish Submission(int operation, JsonNode draft) => new(operation, Request.Submit, HttpMethod.Post, "/jobs", draft.ToJsonString(), Jobs: 1);

    private JsonObject Draft(int operation, string command, int gpus) => new()
    {
        ["name"] = InsistentCaller.Name(operation),
        ["command"] = command,
        ["run_dir"] = machine.Work,
        ["gpus"] = gpus,
    };

    private JsonObject Large(int operation)
    {
        var script = new byte[LargeScript];
        script.AsSpan().Fill((byte)'#');
        Encoding.ASCII.GetBytes($"#!/bin/bash\n{Mark}\n", script);
        return new JsonObject
        {
            ["name"] = InsistentCaller.Name(operation),
            ["script"] = machine.At("large.sh"),
            ["script_content"] = Convert.ToBase64String(script),
            ["run_dir"] = machine.Work,
        };
    }
}
