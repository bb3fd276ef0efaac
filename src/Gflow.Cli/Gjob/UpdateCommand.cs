using Gflow.Cli.Groups;
using System.Text.Json.Nodes;
using Gflow.Cli.Gbatch;
using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Submission;
using Gflow.Core.Text;

namespace Gflow.Cli.Gjob;

/// <summary><c>gjob update</c>: changes waiting jobs.</summary>
internal static class UpdateCommand
{
    private static readonly string[] Shared =
        ["--name", "--gpus", "--gpu-min-memory", "--gpu-index", "--priority", "--time", "--depends-on-all", "--depends-on-any", "--notify-email", "--notify-me", "--notify-on"];

    internal static CommandSpec Make() => new()
    {
        Name = "update",
        Aliases = ["u"],
        Summary = "Change jobs that have not started",
        Words = GjobCommand.Jobs,
        Options =
        [
            new("--command", ["-c"], "TEXT", "The shell text to run"),
            .. Shared.Select(name => SubmissionOptionTable.Find(name)!).Select(option => option with { Help = option.HelpWithoutDefault }),
            new("--depends-on", ["-d"], "JOBS", "Start after these have succeeded (comma list); replaces the dependencies"),
            new("--auto-cancel-on-dep-failure", [], null, "Be cancelled when a dependency fails"),
            new("--no-auto-cancel-on-dep-failure", [], null, "Keep waiting when a dependency fails"),
            new("--param", [], "NAME=VALUE", "A new value of a parameter of a sweep's tasks; the others stay (repeatable)") { Repeatable = true },
            new("--clear-gpu-type", [], null, "With GPUs of any type"),
            new("--clear-gpu-min-memory", [], null, "With GPUs of any memory"),
            new("--clear-gpu-index", [], null, "With any GPUs"),
            new("--clear-time-limit", [], null, "Without a time limit"),
            new("--clear-deps", [], null, "Without dependencies"),
            new("--clear-notify", ["--clear-notifications"], null, "Without e-mail"),
        ],
        Exclusive =
        [
            ["--depends-on", "--depends-on-all", "--depends-on-any", "--clear-deps"],
            ["--gpu-min-memory", "--clear-gpu-min-memory"],
            ["--gpu-index", "--clear-gpu-index"],
            ["--time", "--clear-time-limit"],
            ["--auto-cancel-on-dep-failure", "--no-auto-cancel-on-dep-failure"],
            ["--notify-email", "--clear-notify"],
            ["--notify-me", "--clear-notify"],
            ["--notify-on", "--clear-notify"],
        ],
        NotAvailable =
        [
            .. MissingSpec.OfSubmission,
            "--clear-conda-env", "--clear-memory-limit", "--clear-gpu-memory-limit", "--clear-max-retries",
            new("gctl set-limit JOB NUM sets it for the whole array", "--max-concurrent", "--clear-max-concurrent"),
            new("say what runs with --command, or cancel the job and submit the script again", "--script", "-s"),
        ],
        Examples =
        [
            new("gjob update 42 --priority 100", "Let a job go first"),
            new("gjob update 7,9-12 --time-limit 2:00:00", "A time limit for several jobs; each is tried"),
            new("gjob update 17_* --priority 100", "Let all that waits of an array go first, in one step"),
            new("gjob update 17_3 --param lr=0.05", "Another value for one task of a sweep"),
            new("gjob update 42 --clear-deps", "Start without waiting for others"),
            new("gjob update 42 --notify-on job_started,job_failed", "Be told of other events; the addresses stay"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var draft = await DraftAsync(invocation, cancel);
        if (draft == new UpdateDraft { Clears = draft.Clears } && draft.Clears.Count == 0)
        {
            throw Invocation.Wrong("there is nothing to change: give at least one option\ntry: gjob update --help");
        }

        var (groups, jobs) = GroupActions.Split(invocation.Words);
        return await GroupActions.RunAsync(
            invocation, groups, group => invocation.Client.UpdateGroupAsync(group.Group, group.TaskList, draft, cancel), "updated", rows => JobsAsync(invocation, jobs, draft, rows, cancel));
    }

    private static async Task<int> JobsAsync(Invocation invocation, IReadOnlyList<string> words, UpdateDraft draft, JsonArray rows, CancellationToken cancel) =>
        await JobActions.RunAsync(
            invocation,
            words.Count == 0 ? [] : await invocation.JobsAsync(words, cancel),
            id => invocation.Client.UpdateAsync(id, draft, cancel),
            (id, updated) => $"Job {id} updated successfully."
                + (updated.UpdatedFields.Count > 0 ? $"\n  UpdatedFields={SafeText.Line(string.Join(", ", updated.UpdatedFields))}" : ""),
            (row, updated) =>
            {
                row["state"] = updated.Job.State;
                row["updated_fields"] = new JsonArray([.. updated.UpdatedFields]);
            },
            rows);

    private static Dictionary<string, string>? Parameters(IReadOnlyList<string> given)
    {
        if (given.Count == 0)
        {
            return null;
        }

        Dictionary<string, string> values = [];
        foreach (var text in given)
        {
            var sign = text.IndexOf('=', StringComparison.Ordinal);
            if (sign < 0 || !values.TryAdd(text[..sign].Trim(), text[(sign + 1)..]))
            {
                throw Invocation.Wrong(sign < 0
                    ? $"--param: \"{SafeText.Line(text)}\" is not NAME=VALUE, such as lr=0.05"
                    : $"--param: {SafeText.Line(text[..sign].Trim())} is given twice; give each parameter one value");
            }
        }

        return values;
    }

    private static async Task<UpdateDraft> DraftAsync(Invocation invocation, CancellationToken cancel)
    {
        var wish = GbatchCommand.Flags(invocation, Shared);
        var dependencies = invocation.Text("--depends-on") is { } plain
            ? new DependencyWish(Invocation.NeedUsage(JobReference.ParseList(plain), "--depends-on"), "All")
            : wish.Dependencies;
        var on = await invocation.ResolveAsync(dependencies, cancel);
        (string Option, string Field)[] clears =
        [
            ("--clear-gpu-type", "gpu_type"), ("--clear-gpu-min-memory", "gpu_min_memory_mb"), ("--clear-gpu-index", "gpu_indices"),
            ("--clear-time-limit", "time_limit"), ("--clear-deps", "depends_on_ids"), ("--clear-notify", "notifications"),
        ];
        return new()
        {
            Name = wish.Draft.Name,
            Command = invocation.Text("--command"),
            Gpus = wish.Draft.Gpus,
            GpuType = wish.Draft.GpuType,
            GpuMinMemoryMb = wish.Draft.GpuMinMemoryMb,
            GpuIndices = wish.Draft.GpuIndices,
            Priority = wish.Draft.Priority,
            Parameters = Parameters(invocation.Texts("--param")),
            TimeLimit = wish.Draft.TimeLimit,
            DependsOnIds = on.Jobs,
            DependsOnGroups = on.Groups,
            DependencyMode = dependencies?.Mode,
            AutoCancelOnDependencyFailure = invocation.Has("--auto-cancel-on-dep-failure") ? true : invocation.Has("--no-auto-cancel-on-dep-failure") ? false : null,
            Notifications = wish.Draft.Notifications,
            Clears = [.. clears.Where(clear => invocation.Has(clear.Option)).Select(clear => clear.Field)],
        };
    }
}
