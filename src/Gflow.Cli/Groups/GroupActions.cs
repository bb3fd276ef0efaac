using System.Text.Json.Nodes;
using Gflow.Cli.Rendering;
using Gflow.Client;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Cli.Groups;

/// <summary>The same action on jobs and on whole groups, a group in one request.</summary>
internal static class GroupActions
{
    /// <param name="invocation">Whose words name them.</param>
    /// <param name="verb">As the API calls it.</param>
    /// <param name="done">The verb when it is done, such as <c>held</c>.</param>
    /// <param name="act">The action on a job.</param>
    /// <param name="told">What to say of a success with a job.</param>
    internal static async Task<int> RunAsync(
        Invocation invocation, string verb, string done, Func<JobId, Task<ClientResult<JobActionAnswer>>> act, Func<JobId, string> told, CancellationToken cancel)
    {
        var (groups, jobs) = Split(invocation.Words);
        return await RunAsync(invocation, groups, group => invocation.Client.ActOnGroupAsync(group.Group, verb, group.TaskList, cancel), done, async rows => await JobActions.RunAsync(
            invocation, jobs.Count == 0 ? [] : await invocation.JobsAsync(jobs, cancel), act, (id, _) => told(id), (row, answer) => row["state"] = answer.State, rows));
    }

    /// <summary>The words that name groups or their tasks, and the others.</summary>
    internal static (IReadOnlyList<TaskReference> Groups, IReadOnlyList<string> Jobs) Split(IEnumerable<string> words)
    {
        var items = words.SelectMany(TaskReference.SplitList).ToList();
        return ([.. items.Where(TaskReference.IsOne).Select(item => Invocation.NeedUsage(TaskReference.Parse(item), "jobs"))], [.. items.Where(item => !TaskReference.IsOne(item))]);
    }

    /// <param name="act">The action on a group.</param>
    /// <param name="others">The action on the jobs that were named beside the groups, given the rows of these.</param>
    internal static async Task<int> RunAsync(
        Invocation invocation, IReadOnlyList<TaskReference> groups, Func<TaskReference, Task<ClientResult<GroupActionAnswer>>> act, string done, Func<JsonArray, Task<int>> others)
    {
        var code = ExitCodes.Done;
        var rows = new JsonArray();
        foreach (var group in groups)
        {
            var result = await act(group);
            if (result.Failure is { } failure)
            {
                code = CommandFailedException.CodeOf(failure);
                rows.Add((JsonNode)new JsonObject { ["group"] = group.ToString(), ["error"] = failure.Message });
                if (!invocation.Json)
                {
                    invocation.Complain(failure.Message);
                }
            }
            else
            {
                rows.Add((JsonNode)Row(result.Value));
                if (!invocation.Json)
                {
                    invocation.Tell(Told(result.Value, done));
                }
            }
        }

        var rest = await others(rows);
        return code == ExitCodes.Done ? rest : code;
    }

    private static string Told(GroupActionAnswer answer, string done) =>
        $"{answer.ChangedJobs} {(answer.ChangedJobs == 1 ? "job" : "jobs")} of group {answer.Number} {done}; now {GroupBar.Counts(answer.States)}.";

    private static JsonObject Row(GroupActionAnswer answer) => new()
    {
        ["group_id"] = answer.GroupId,
        ["number"] = answer.Number,
        ["changed_jobs"] = answer.ChangedJobs,
        ["states"] = new JsonObject(answer.States.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
    };
}
