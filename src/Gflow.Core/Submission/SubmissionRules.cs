using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gflow.Core.Arrays;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Core.Submission;

/// <summary>A submission that passed: what was asked, and the bytes to keep with it.</summary>
/// <param name="Script">The script as it will run; null for commands.</param>
/// <param name="Environment">The captured environment, <c>KEY=VALUE</c> entries each closed by a zero byte; null for the minimal one.</param>
/// <param name="Held">Whether it waits until somebody releases it.</param>
/// <param name="Group">Of what it is one, or what is to be made of it; null for a job on its own.</param>
public sealed record AcceptedSubmission(JobSpec Spec, byte[]? Script, byte[]? Environment, bool Held, GroupWish? Group = null)
{
    /// <summary>How many jobs it makes.</summary>
    public int Jobs => Group?.Plan?.Count ?? 1;
}

/// <summary>The only place that turns a draft into a <see cref="JobSpec"/> or a list of problems; every road into the daemon leads through it.</summary>
public sealed class SubmissionRules
{
    /// <summary>All arguments and variables together; the kernel takes a quarter of the stack limit, 2 MiB by default (execve(2)).</summary>
    public const int MaxEnvironmentBytes = 1536 * 1024;

    public const int MaxScriptBytes = 8 * 1024 * 1024;

    /// <summary>The kernel takes no path of 4 KiB or more (PATH_MAX, limits.h).</summary>
    public const int MaxPathBytes = 4095;

    public const int MaxNameChars = 256;

    /// <summary>The reference counts bytes.</summary>
    public const int MaxProjectBytes = 64;

    /// <summary>Fields of a job that ask for what this version does not do, with the value that asks for nothing.</summary>
    private static readonly Dictionary<string, string[]> NotYet = new()
    {
        ["conda_env"] = ["null"],
        ["memory_limit_mb"] = ["null"],
        ["gpu_memory_limit_mb"] = ["null"],
        ["gpu_sharing_mode"] = ["null", "\"Exclusive\""],
        ["max_retries"] = ["null", "0"],
        ["auto_close_tmux"] = ["null", "false"],
        ["scheduled_at"] = ["null"],
    };

    private readonly Refusals _refusals = new();
    private readonly ProgramRules _program;
    private readonly DemandRules _demand;
    private readonly WishRules _wish;
    private readonly GroupRules _group;
    private readonly SubmissionPolicy _policy;

    private SubmissionRules(SubmissionPolicy policy)
    {
        _policy = policy;
        _program = new ProgramRules(_refusals, policy);
        _demand = new DemandRules(_refusals);
        _wish = new WishRules(_refusals, policy);
        _group = new GroupRules(_refusals);
    }

    public static Result<AcceptedSubmission> Check(SubmissionDraft draft, SubmissionPolicy policy)
    {
        var rules = new SubmissionRules(policy);
        var accepted = rules.Accept(draft);
        return rules._refusals.All.Count == 0 ? accepted : rules._refusals.All;
    }

    /// <summary>Lays an update over what a job asked for before, and says which fields changed, in wire spelling.</summary>
    public static Result<(JobSpec Spec, IReadOnlyList<string> Fields)> Check(Job before, UpdateDraft draft, SubmissionPolicy policy)
    {
        var rules = new SubmissionRules(policy);
        var updated = rules.Update(before, draft);
        return rules._refusals.All.Count == 0 ? updated : rules._refusals.All;
    }

    /// <summary>What is wrong with a changed job once the values of its parameters are in their places; empty when nothing is.</summary>
    public static IReadOnlyList<Problem> CheckParameters(Job job, SubmissionPolicy policy)
    {
        var rules = new SubmissionRules(policy);
        rules._group.CheckParameters(job.Spec, job.Parameters, rules.CheckFilled);
        return rules._refusals.All;
    }

    private AcceptedSubmission Accept(SubmissionDraft draft)
    {
        RefuseWhatIsNotYet(draft.Others);
        var environment = _program.EnvironmentBytes(draft.Environment);
        var group = _group.Group(draft);
        var spec = new JobSpec
        {
            Name = draft.Name is null ? Name(draft.RunName, "run_name") : Name(draft.Name),
            Script = _program.Script(draft.Script),
            Command = _program.Command(draft),
            Arguments = _program.Arguments(draft),
            RunDir = _program.RunDir(draft.RunDir, _policy.DefaultRunDir),
            Umask = SettingsRules.Umask(draft.Umask, _refusals),
            Limits = SettingsRules.Limits(draft.Limits, _refusals),
            Gpus = _demand.Gpus(draft.Gpus, draft.GpuIndices),
            GpuWish = _demand.Wish(draft.GpuType, draft.GpuMinMemoryMb, draft.GpuIndices),
            Priority = _demand.Priority(draft.Priority ?? JobSpec.DefaultPriority),
            TimeLimit = _demand.TimeLimit(draft.TimeLimit),
            Dependencies = _demand.Dependencies(draft),
            Project = Project(draft.Project),
            Notifications = _wish.Wish(draft.Notifications, group),
            RedoneFrom = draft.RedoneFrom is { } redone ? _demand.Id(redone, "redone_from") : null,
            ScriptHash = draft.ScriptContent is null ? null : Hash(draft.ScriptContent),
            EnvironmentHash = environment is null ? null : Hash(environment),
            NameTemplate = NameTemplate(draft, group),
            TaskId = draft.TaskId is { } index ? TaskId(index) : null,
            Parameters = Parameters(draft.Parameters),
            Frame = draft.Frame,
        };
        _demand.Feasible(spec.Gpus, spec.GpuWish, _policy);
        _demand.Payable(spec.Dependencies, group?.Plan?.Count ?? 1);
        CheckTasks(spec, group?.Plan);
        return new AcceptedSubmission(spec, draft.ScriptContent, environment, draft.Hold == true, group);
    }

    private string? NameTemplate(SubmissionDraft draft, GroupWish? group)
    {
        if (draft.NameTemplate is { } template && group?.Plan?.IsSweep != true && draft.Parameters is null)
        {
            _refusals.Add(ProblemCode.Invalid, "'name_template' is for sweeps, whose parameters it names in braces; give a plain name with --name.", "name_template");
            return template;
        }

        if (draft is { Name: not null, NameTemplate: not null })
        {
            _refusals.Add(ProblemCode.Invalid, "Give either a name for all tasks or a template, not both: --name or --name-template.", "name_template");
        }

        return Name(draft.NameTemplate, "name_template");
    }

    private uint? TaskId(long index)
    {
        if (index is < 0 or > uint.MaxValue)
        {
            _refusals.Add(ProblemCode.Invalid, $"'task_id' must be an index from 0 to {uint.MaxValue}; it is {index}.", "task_id");
        }

        return (uint)Math.Clamp(index, 0, uint.MaxValue);
    }

    private IReadOnlyDictionary<string, string>? Parameters(IReadOnlyDictionary<string, string>? parameters)
    {
        if (parameters is not { Count: > 0 })
        {
            return null;
        }

        foreach (var (name, value) in parameters)
        {
            _group.Check(name, [value], "parameters");
        }

        return parameters;
    }

    /// <summary>A job's parameters with new values for some. Their names were declared at submission: another name would be used nowhere.</summary>
    private Dictionary<string, string> Parameters(Job job, IReadOnlyDictionary<string, string> changed)
    {
        Dictionary<string, string> after = new(job.Parameters);
        if (changed.Keys.FirstOrDefault(name => !after.ContainsKey(name)) is { } unknown)
        {
            _refusals.Add(ProblemCode.InvalidParameter, after.Count == 0 ? $"Job {job.Id} has no parameters; only tasks of a sweep have." : $"Job {job.Id} has no parameter '{SafeText.Line(unknown)}'; it has {string.Join(", ", after.Keys)}.", "parameters");
            return after;
        }

        foreach (var (name, value) in changed)
        {
            _group.Check(name, [value], "parameters");
            after[name] = value;
        }

        return after;
    }

    private void CheckTasks(JobSpec spec, TaskPlan? plan)
    {
        if (_refusals.All.Count > 0)
        {
            return;
        }

        if (plan is not null)
        {
            _group.CheckTasks(spec, plan, CheckFilled);
        }
        else if (spec.Parameters is { } parameters)
        {
            _group.CheckParameters(spec, parameters, CheckFilled);
        }
    }

    private void CheckFilled(JobSpec task)
    {
        _ = task.Command is { } command ? _program.CommandText(command) : null;
        _program.CheckArguments(task.Arguments);
        _ = Name(task.Name, "name_template");
    }

    private (JobSpec Spec, IReadOnlyList<string> Fields) Update(Job job, UpdateDraft draft)
    {
        var before = job.Spec;
        RefuseWhatIsNotYet(draft.Others);
        foreach (var unknown in draft.Others?.Keys.Where(key => !NotYet.ContainsKey(key)) ?? [])
        {
            _refusals.Add(ProblemCode.Invalid, $"'{unknown}' cannot be updated. What can: name, command, gpus, gpu_type, gpu_min_memory_mb, gpu_indices, priority, parameters, time_limit, depends_on_ids, depends_on_groups, dependency_mode, auto_cancel_on_dependency_failure, notifications.", unknown);
        }

        foreach (var clear in draft.Clears.Where(clear => !IsClearable(clear) && !NotYet.ContainsKey(clear)))
        {
            _refusals.Add(ProblemCode.Invalid, $"'{clear}' cannot be cleared. What can: gpu_type, gpu_min_memory_mb, gpu_indices, time_limit, depends_on_ids, depends_on_groups, notifications.", clear);
        }

        if (draft.Command is not null && before.Command is null)
        {
            _refusals.Add(ProblemCode.Invalid, "The job runs a script; its command cannot be set. Submit a new job instead.", "command");
        }

        var fields = new List<string>();
        var after = before;
        void Set(string field, bool asked, Func<JobSpec, JobSpec> set)
        {
            if (asked || (IsClearable(field) && draft.Clears.Contains(field)))
            {
                fields.Add(field);
                after = set(after);
            }
        }

        Set("name", draft.Name is not null, spec => spec with { Name = Name(draft.Name), NameTemplate = null });
        Set("command", draft.Command is not null, spec => spec with { Command = _program.CommandText(draft.Command!) });
        Set("gpus", draft.Gpus is not null, spec => spec with { Gpus = _demand.Gpus(draft.Gpus, null) });
        Set("gpu_type", draft.GpuType is not null, spec => spec with { GpuWish = spec.GpuWish with { Type = _demand.Wish(draft.GpuType, null, null).Type } });
        Set("gpu_min_memory_mb", draft.GpuMinMemoryMb is not null, spec => spec with { GpuWish = spec.GpuWish with { MinMemoryMb = _demand.Wish(null, draft.GpuMinMemoryMb, null).MinMemoryMb } });
        Set("gpu_indices", draft.GpuIndices is not null, spec => spec with { GpuWish = spec.GpuWish with { Indices = _demand.Wish(null, null, draft.GpuIndices).Indices } });
        Set("priority", draft.Priority is not null, spec => spec with { Priority = _demand.Priority(draft.Priority!.Value) });
        Set("parameters", draft.Parameters is not null, spec => spec with { Parameters = Parameters(job, draft.Parameters!) });
        Set("time_limit", draft.TimeLimit is not null, spec => spec with { TimeLimit = _demand.TimeLimit(draft.TimeLimit) });
        // Either replaces all that the job waits for.
        Set("depends_on_ids", draft.DependsOnIds is not null, spec => spec with { Dependencies = spec.Dependencies with { On = _demand.Ids(draft.DependsOnIds ?? []), Groups = [] } });
        Set("depends_on_groups", draft.DependsOnGroups is not null, spec => spec with { Dependencies = spec.Dependencies with { On = draft.DependsOnIds is null ? [] : spec.Dependencies.On, Groups = _demand.Ids(draft.DependsOnGroups ?? [], "depends_on_groups") } });
        Set("dependency_mode", draft.DependencyMode is not null, spec => spec with { Dependencies = spec.Dependencies with { Mode = _demand.Mode(draft.DependencyMode) } });
        Set("auto_cancel_on_dependency_failure", draft.AutoCancelOnDependencyFailure is not null, spec => spec with { Dependencies = spec.Dependencies with { AutoCancel = draft.AutoCancelOnDependencyFailure!.Value } });
        Set("notifications", draft.Notifications is not null, spec => spec with { Notifications = draft.Notifications is { } wanted ? _wish.Wish(wanted, spec.Notifications) : null });
        if (fields.Exists(field => field.StartsWith("gpu", StringComparison.Ordinal)))
        {
            _demand.Feasible(after.Gpus, after.GpuWish, _policy);
        }

        return (after, fields);
    }

    private void RefuseWhatIsNotYet(IDictionary<string, JsonElement>? others)
    {
        foreach (var (field, value) in others ?? new Dictionary<string, JsonElement>())
        {
            // Its bytes: nobody has looked yet whether they are text.
            if (NotYet.TryGetValue(field, out var harmless) && !harmless.Any(text => JsonMarshal.GetRawUtf8Value(value).SequenceEqual(Encoding.UTF8.GetBytes(text))))
            {
                _refusals.Add(ProblemCode.NotAvailable, $"'{field}' is not available in this version.", field);
            }
        }
    }

    private string? Name(string? name, string field = "name")
    {
        if (string.IsNullOrWhiteSpace(name))
        {
            return null;
        }

        if (name.Length > MaxNameChars)
        {
            _refusals.Add(ProblemCode.Invalid, $"The name has {name.Length} characters; at most {MaxNameChars} are allowed.", field);
        }
        else if (!ByteText.IsUtf8(name))
        {
            _refusals.Add(ProblemCode.Invalid, $"The name \"{name}\" is not UTF-8 text; write it in UTF-8.", field);
        }
        else if (name.Any(char.IsControl))
        {
            _refusals.Add(ProblemCode.Invalid, "The name holds a control character such as a line break; use printable characters.", field);
        }

        return name.Trim();
    }

    private string? Project(string? project)
    {
        var name = string.IsNullOrWhiteSpace(project) ? null : project.Trim();
        if (name is null)
        {
            if (_policy.RequireProject)
            {
                _refusals.Add(ProblemCode.Invalid, "Project is required: give one with --project.", "project");
            }
        }
        else if (Encoding.UTF8.GetByteCount(name) > MaxProjectBytes)
        {
            _refusals.Add(ProblemCode.Invalid, $"Project name too long: {Encoding.UTF8.GetByteCount(name)} bytes; at most {MaxProjectBytes} are allowed.", "project");
        }
        else if (name.Any(char.IsControl))
        {
            _refusals.Add(ProblemCode.Invalid, "The project's name holds a control character; use printable characters.", "project");
        }
        else if (_policy.KnownProjects.Count > 0 && !_policy.KnownProjects.Contains(name))
        {
            _refusals.Add(ProblemCode.Invalid, $"Unknown project '{name}'; known are: {string.Join(", ", _policy.KnownProjects)}.", "project");
        }

        return name;
    }

    /// <summary>Fields that a job can be without.</summary>
    private static bool IsClearable(string field) => field is "gpu_type" or "gpu_min_memory_mb" or "gpu_indices" or "time_limit" or "depends_on_ids" or "depends_on_groups" or "notifications";

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
