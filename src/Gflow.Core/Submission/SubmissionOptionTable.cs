using System.Globalization;
using Gflow.Core.Arrays;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Core.Submission;

/// <summary>All options of a submission. The command line and script directives both read theirs here, so that neither can know one the other lacks.</summary>
public static class SubmissionOptionTable
{
    private const string Dependencies = "dependencies";

    public static IReadOnlyList<SubmissionOption> All { get; } =
    [
        new("--gpus", ["-g", "--gres"], "NUMS", "GPUs the job needs for itself (default 0): a number, or a type and a number such as a100:2",
            (wish, values) => GpuCountText.Parse(values[0]).Then(gpus => With(wish, wish.Draft with { Gpus = gpus.Count, GpuType = gpus.Type }))),
        new("--gpu-min-memory", [], "MEMORY", "The least memory that each of them has, such as 40G",
            (wish, values) => MemoryText.ParseMegabytes(values[0]).Then(memory => With(wish, wish.Draft with { GpuMinMemoryMb = memory }))),
        new("--gpu-index", [], "GPUS", "Only of these, by their indices (0,2-3); all of them where --gpus does not say how many",
            (wish, values) => IndexListText.Parse(values[0]).Then(indices => With(wish, wish.Draft with { GpuIndices = [.. indices.Select(index => (long)index)] }))),
        new("--priority", ["-p"], "NUM", "0 to 255; higher starts first (default 10)", Priority),
        new("--depends-on", ["-d", "--dependency"], "JOB", "Start after this job has succeeded: a number, @ (your last submission), @~N (your N-th last), or an array (5_*, its id)",
            (wish, values) => Depends(wish, values[0], "All", single: true)) { Group = Dependencies },
        new("--depends-on-all", [], "JOBS", "Start after all of these have succeeded (comma list)",
            (wish, values) => Depends(wish, values[0], "All", single: false)) { Group = Dependencies },
        new("--depends-on-any", [], "JOBS", "Start after one of these has succeeded (comma list)",
            (wish, values) => Depends(wish, values[0], "Any", single: false)) { Group = Dependencies },
        new("--no-auto-cancel", [], null, "Keep waiting when a dependency fails, instead of being cancelled",
            (wish, _) => With(wish, wish.Draft with { AutoCancelOnDependencyFailure = false })),
        new("--time", ["-t", "--time-limit", "--timelimit"], "TIME", "Time limit: 2h30m, minutes (30), MM:SS, HH:MM:SS or D-HH:MM:SS (default none)", Time),
        new("--name", ["-n", "-J", "--job-name"], "NAME", "What to call the job; its run name becomes gjob-<id>-NAME",
            (wish, values) => With(wish, wish.Draft with { Name = values[0] })),
        new("--project", ["-P"], "PROJECT", "The project it counts for",
            (wish, values) => With(wish, wish.Draft with { Project = values[0] })),
        new("--hold", ["-H"], null, "Let it wait until it is released (gjob release)",
            (wish, _) => With(wish, wish.Draft with { Hold = true })),
        new("--array", ["-a"], "INDICES", "Submit one job for each index: a range, a list, steps, and %N for how many may run at once (1-10, 0,4,8, 0-99:5%4)",
            (wish, values) => ArrayText.Parse(values[0]).Then(_ => With(wish, wish.Draft with { Array = values[0].Trim() }))) { IsOfGroups = true },
        new("--param", [], "NAME=VALUES", "Submit one job for each value: a list (lr=0.1,0.01) or a range (seed=1:5); several make every combination (repeatable)", Params) { Repeatable = true, IsOfGroups = true },
        new("--param-file", [], "CSV", "Submit one job for each row: the first line names the parameters",
            (wish, values) => wish with { ParamFile = values[0] }) { IsOfGroups = true },
        new("--name-template", [], "TEMPLATE", "What to call each job of a sweep, such as 'lr-{lr}'",
            (wish, values) => With(wish, wish.Draft with { NameTemplate = values[0] })) { IsOfGroups = true },
        new("--max-concurrent", [], "NUM", "How many of the array or sweep may run at once (default any number)",
            (wish, values) => Whole(values[0], "a number of jobs", "max_concurrent").Then(most => With(wish, wish.Draft with { MaxConcurrent = most }))) { IsOfGroups = true },
        new("--max-fails", [], "LIMIT", "When so many of them have failed (3, or 10%), the rest is cancelled, or with :hold behind it held (default never)",
            (wish, values) => FailureLimit.Parse(values[0]).Then(limit => With(wish, wish.Draft with { MaxFails = limit.ToString() }))) { IsOfGroups = true },
        new("--notify-email", [], "ADDRESS", "Whom to tell by e-mail (repeatable, or a comma list)", Emails) { Repeatable = true },
        new("--notify-me", [], null, "Tell me, at my address in the domain that the administrator configured",
            (wish, _) => With(wish, wish.Draft with { Notifications = (wish.Draft.Notifications ?? new()) with { Me = true } })),
        new("--notify-on", [], "EVENTS", "Of what: events as a comma list, or * (default job_completed, job_failed, job_timeout, job_cancelled; of an array or sweep group_completed and the first job_failed)", Events) { Repeatable = true },
    ];

    /// <summary>Options of other versions, and what each takes; refused by name, so that nobody believes they had an effect.</summary>
    public static IReadOnlyDictionary<string, bool> NotAvailable { get; } = new Dictionary<string, bool>
    {
        ["--nice"] = true,
        ["--begin"] = true,
        ["--conda-env"] = true,
        ["-c"] = true,
        ["--shared"] = false,
        ["--memory"] = true,
        ["-m"] = true,
        ["--max-mem"] = true,
        ["--max-memory"] = true,
        ["--memory-limit"] = true,
        ["--gpu-memory"] = true,
        ["--max-gpu-mem"] = true,
        ["--max-gpu-memory"] = true,
        ["--max-retries"] = true,
        ["--auto-close"] = false,
    };

    public static SubmissionOption? Find(string name) => All.FirstOrDefault(option => option.IsCalled(name));

    public static Problem Unavailable(string name) =>
        new(ProblemCode.NotAvailable, $"{name} is not available in this version; {InPlaceOf(name)}");

    /// <summary>What to do in place of an option that is not available.</summary>
    public static string InPlaceOf(string name) => name switch
    {
        "--conda-env" or "-c" or "-e" => "activate the environment before: a job has the environment of its submission",
        "--nice" => "it means the opposite elsewhere: write --priority NUM, where higher starts first",
        "--begin" => "submit it then, by cron or at(1)",
        "--max-retries" => "gjob redo repeats a job that has failed",
        _ => "leave it out",
    };

    private static Result<SubmissionWish> With(SubmissionWish wish, SubmissionDraft draft) => wish with { Draft = draft };

    private static Result<SubmissionWish> Priority(SubmissionWish wish, IReadOnlyList<string> values) =>
        byte.TryParse(values[0], NumberStyles.None, CultureInfo.InvariantCulture, out var priority)
            ? With(wish, wish.Draft with { Priority = priority })
            : new Problem(ProblemCode.InvalidPriority, $"\"{values[0]}\" is not a priority from 0 to 255", "priority");

    private static Result<long> Whole(string value, string what, string field) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : new Problem(ProblemCode.Invalid, $"\"{value}\" is not {what}: write a whole number from 0 to {int.MaxValue}", field);

    private static Result<SubmissionWish> Params(SubmissionWish wish, IReadOnlyList<string> values)
    {
        List<WireAxis> axes = [];
        foreach (var value in values)
        {
            var axis = ParamText.Parse(value);
            if (!axis.Ok)
            {
                return axis.Problems.ToList();
            }

            axes.Add(new WireAxis(axis.Value.Name, axis.Value.Values));
        }

        return With(wish, wish.Draft with { Sweep = axes });
    }

    private static Result<SubmissionWish> Time(SubmissionWish wish, IReadOnlyList<string> values) =>
        DurationText.ParseTimeLimit(values[0]).Then(limit => With(wish, wish.Draft with { TimeLimit = WireDuration.From(limit) }));

    private static Result<SubmissionWish> Depends(SubmissionWish wish, string value, string mode, bool single) =>
        JobReference.ParseList(value).Then<SubmissionWish>(on => single && on.Count != 1
            ? new Problem(ProblemCode.InvalidJob, $"\"{value}\" is more than one job: use --depends-on-all or --depends-on-any for several", "depends_on")
            : wish with { Dependencies = new(on, mode) });

    private static Result<SubmissionWish> Emails(SubmissionWish wish, IReadOnlyList<string> values)
    {
        var emails = SubmissionWish.Distinct(values.SelectMany(value => value.Split(',')));
        return emails is null
            ? new Problem(ProblemCode.InvalidEmail, "--notify-email has no address: write one, such as dana@example.org", "notifications.emails")
            : With(wish, wish.Draft with { Notifications = (wish.Draft.Notifications ?? new()) with { Emails = emails } });
    }

    private static Result<SubmissionWish> Events(SubmissionWish wish, IReadOnlyList<string> values)
    {
        var names = SubmissionWish.Distinct(values.SelectMany(value => value.ToLowerInvariant().Split(','))) ?? [];
        if (names.Count == 0)
        {
            return new Problem(ProblemCode.UnknownEvent, $"--notify-on has no event: the events are {string.Join(", ", EventTypes.NamesForJobs)} and *", "notifications.events");
        }

        if (names.Select(EventTypes.CheckForJobs).FirstOrDefault(problem => problem is not null) is { } unknown)
        {
            return unknown;
        }

        return With(wish, wish.Draft with { Notifications = (wish.Draft.Notifications ?? new()) with { Events = names } });
    }
}
