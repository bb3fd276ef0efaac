using Gflow.Cli.Groups;
using System.Text.Json.Nodes;
using Gflow.Cli.Rendering;
using Gflow.Client;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Cli.Gjob;

/// <summary><c>gjob wait</c>: waits for jobs and ends as they did.</summary>
internal static class WaitCommand
{
    internal const int TimedOut = 124;
    internal const int CannotWait = 125;
    internal const int Cancelled = 130;
    internal const int SignalBase = 128;

    /// <summary>A restart or an upgrade of the daemon takes seconds.</summary>
    private static readonly TimeSpan ReconnectFor = TimeSpan.FromSeconds(60);

    internal static CommandSpec Make() => new()
    {
        Name = "wait",
        Summary = "Wait until jobs have ended, and end as they did",
        Words = GjobCommand.Jobs,
        Notes =
        [
            "The exit code is the first that is not 0, in the order in which the jobs are named: that of the job; 128 and the signal's number when one killed it; 124 when its time was up; 130 when it was cancelled; 1 when it failed and its exit code is not known; 125 when it could not be waited for. A restart of the daemon does not end the wait.",
        ],
        FailureCode = CannotWait,
        Examples =
        [
            new("gjob wait 42 && ./publish.sh", "Go on only when the job has succeeded"),
            new("gjob wait 17_*", "Wait for all of an array; the exit code is that of the first task that failed"),
            new("gjob wait @ @~2", "Wait for your last two submissions"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var named = GroupActions.Split(invocation.Words);
        List<(TaskReference Named, ClientResult<GroupView> End)> groups = [];
        foreach (var whole in named.Groups.Where(group => group.Tasks is null))
        {
            groups.Add((whole, await JobWaiting.WaitForGroupAsync(invocation.Client, whole.Group, invocation.Context.Time, ReconnectFor, cancel)));
        }

        var words = named.Groups.Where(group => group.Tasks is not null).Select(group => group.ToString()).Concat(named.Jobs).ToList();
        var ids = words.Count == 0 ? [] : await invocation.JobsAsync(words, cancel);
        var ends = await JobWaiting.WaitAsync(invocation.Client, ids, invocation.Context.Time, ReconnectFor, cancel);
        var code = groups.Select(group => CodeOf(group.End)).Concat(ids.Select(id => CodeOf(ends[id]))).FirstOrDefault(code => code != ExitCodes.Done);
        if (invocation.Json)
        {
            invocation.WriteJson(new JsonObject { ["results"] = new JsonArray([.. groups.Select(group => Row(group.Named, group.End)), .. ids.Select(id => Row(id, ends[id]))]), ["exit_code"] = code });
            return code;
        }

        foreach (var (whole, end) in groups)
        {
            if (end.Failure is { } failure)
            {
                invocation.Complain(failure.Message);
            }
            else
            {
                invocation.Tell($"Group {whole.Group}: {GroupBar.Counts(end.Value.States)}");
            }
        }

        foreach (var id in ids)
        {
            if (ends[id].Failure is { } failure)
            {
                invocation.Complain(JobActions.Told(id, failure));
            }
            else
            {
                invocation.Tell($"Job {id}: {JobText.Ended(ends[id].Value)}");
            }
        }

        return code;
    }

    internal static int CodeOf(ClientResult<JobView> end)
    {
        if (!end.Ok)
        {
            return CannotWait;
        }

        return JobText.State(end.Value) switch
        {
            JobState.Finished => ExitCodes.Done,
            JobState.Timeout => TimedOut,
            JobState.Cancelled => Cancelled,
            _ when Number(end.Value.Signal) is { } signal => SignalBase + signal,
            _ => end.Value.ExitCode is { } code and not 0 ? code : ExitCodes.Refused,
        };
    }

    /// <summary>Of a group: that of the first of its tasks that did not succeed.</summary>
    internal static int CodeOf(ClientResult<GroupView> end) => !end.Ok ? CannotWait
        : end.Value.FirstFailures is [var first, ..] ? CodeOf(new JobView { State = first.State, ExitCode = first.ExitCode, Signal = first.Signal })
        : end.Value.States.ContainsKey(nameof(JobState.Cancelled)) ? Cancelled
        : ExitCodes.Done;

    private static int? Number(string? signal)
    {
        if (signal is null)
        {
            return null;
        }

        for (var number = 1; number <= 64; number++)
        {
            if (SignalText.Name(number) == signal)
            {
                return number;
            }
        }

        return null;
    }

    private static JsonObject Row(TaskReference whole, ClientResult<GroupView> end)
    {
        JsonObject row = end.Failure is { } failure
            ? new() { ["group"] = whole.Group, ["error"] = failure.Message }
            : new() { ["group_id"] = end.Value.GroupId, ["number"] = end.Value.Number, ["states"] = new JsonObject(end.Value.States.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))) };
        row["wait_code"] = CodeOf(end);
        return row;
    }

    private static JsonObject Row(JobId id, ClientResult<JobView> end)
    {
        JsonObject row = end.Failure is { } failure
            ? new() { ["id"] = id.Value, ["error"] = JobActions.Told(id, failure) }
            : new() { ["id"] = id.Value, ["state"] = end.Value.State, ["exit_code"] = end.Value.ExitCode, ["signal"] = end.Value.Signal };
        row["wait_code"] = CodeOf(end);
        return row;
    }
}
