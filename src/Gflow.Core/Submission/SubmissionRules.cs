using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Core.Dependencies;
using Gflow.Core.Events;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
using Gflow.Core.Text;

namespace Gflow.Core.Submission;

/// <summary>A submission that passed: what was asked, and the bytes to keep with it.</summary>
/// <param name="Script">The script as it will run; null for commands.</param>
/// <param name="Environment">The captured environment, <c>KEY=VALUE</c> entries each closed by a zero byte; null for the minimal one.</param>
public sealed record AcceptedSubmission(JobSpec Spec, byte[]? Script, byte[]? Environment);

/// <summary>The only place that turns a draft into a <see cref="JobSpec"/> or a list of problems; every road into the daemon leads through it.</summary>
public sealed class SubmissionRules
{
    /// <summary>The kernel takes no argument and no variable of 128 KiB or more (MAX_ARG_STRLEN, execve(2)).</summary>
    public const int MaxTextBytes = (128 * 1024) - 1;

    /// <summary>All arguments and variables together; the kernel takes a quarter of the stack limit, 2 MiB by default (execve(2)).</summary>
    public const int MaxEnvironmentBytes = 1536 * 1024;

    public const int MaxScriptBytes = 8 * 1024 * 1024;

    public const int MaxNameChars = 256;

    /// <summary>The reference counts bytes.</summary>
    public const int MaxProjectBytes = 64;

    /// <summary>Ten years; beyond that a limit is a mistake.</summary>
    private const long MaxTimeLimitSecs = 10L * 366 * 24 * 3600;

    /// <summary>Fields of a job that ask for what this version does not do, with the value that asks for nothing.</summary>
    private static readonly Dictionary<string, string[]> NotYet = new()
    {
        ["conda_env"] = ["null"],
        ["memory_limit_mb"] = ["null"],
        ["gpu_memory_limit_mb"] = ["null"],
        ["gpu_sharing_mode"] = ["null", "\"Exclusive\""],
        ["task_id"] = ["null"],
        ["max_retries"] = ["null", "0"],
        ["auto_close_tmux"] = ["null", "false"],
        ["parameters"] = ["null", "{}"],
        ["group_id"] = ["null"],
        ["max_concurrent"] = ["null"],
        ["scheduled_at"] = ["null"],
    };

    private readonly List<Problem> _problems = [];
    private readonly SubmissionPolicy _policy;

    private SubmissionRules(SubmissionPolicy policy) => _policy = policy;

    public static Result<AcceptedSubmission> Check(SubmissionDraft draft, SubmissionPolicy policy)
    {
        var rules = new SubmissionRules(policy);
        var accepted = rules.Accept(draft);
        return rules._problems.Count == 0 ? accepted : rules._problems;
    }

    /// <summary>Lays an update over what was asked before, and says which fields changed, in wire spelling.</summary>
    public static Result<(JobSpec Spec, IReadOnlyList<string> Fields)> Check(JobSpec before, UpdateDraft draft, SubmissionPolicy policy)
    {
        var rules = new SubmissionRules(policy);
        var updated = rules.Update(before, draft);
        return rules._problems.Count == 0 ? updated : rules._problems;
    }

    private AcceptedSubmission Accept(SubmissionDraft draft)
    {
        RefuseWhatIsNotYet(draft.Others);
        var environment = EnvironmentBytes(draft.Environment);
        var spec = new JobSpec
        {
            Name = Name(draft.Name ?? draft.RunName),
            Script = Script(draft.Script),
            Command = Command(draft),
            Arguments = Arguments(draft),
            RunDir = RunDir(draft.RunDir),
            Umask = SettingsRules.Umask(draft.Umask, _problems),
            Limits = SettingsRules.Limits(draft.Limits, _problems),
            Gpus = Gpus(draft.Gpus ?? 0),
            Priority = Priority(draft.Priority ?? JobSpec.DefaultPriority),
            TimeLimit = TimeLimit(draft.TimeLimit),
            Dependencies = Dependencies(draft),
            Project = Project(draft.Project),
            Notifications = Wish(draft.Notifications),
            RedoneFrom = draft.RedoneFrom is { } redone ? Id(redone, "redone_from") : null,
            ScriptHash = draft.ScriptContent is null ? null : Hash(draft.ScriptContent),
            EnvironmentHash = environment is null ? null : Hash(environment),
        };
        return new AcceptedSubmission(spec, draft.ScriptContent, environment);
    }

    private (JobSpec Spec, IReadOnlyList<string> Fields) Update(JobSpec before, UpdateDraft draft)
    {
        RefuseWhatIsNotYet(draft.Others);
        foreach (var unknown in draft.Others?.Keys.Where(key => !NotYet.ContainsKey(key)) ?? [])
        {
            Refuse("invalid", $"'{unknown}' cannot be updated. What can: command, gpus, priority, time_limit, depends_on_ids, dependency_mode, auto_cancel_on_dependency_failure, notifications.", unknown);
        }

        foreach (var clear in draft.Clears.Where(clear => !IsClearable(clear) && !NotYet.ContainsKey(clear)))
        {
            Refuse("invalid", $"'{clear}' cannot be cleared. What can: time_limit, depends_on_ids, notifications.", clear);
        }

        if (draft.Command is not null && before.Command is null)
        {
            Refuse("invalid", "The job runs a script; its command cannot be set. Submit a new job instead.", "command");
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

        Set("command", draft.Command is not null, spec => spec with { Command = CommandText(draft.Command!) });
        Set("gpus", draft.Gpus is not null, spec => spec with { Gpus = Gpus(draft.Gpus!.Value) });
        Set("priority", draft.Priority is not null, spec => spec with { Priority = Priority(draft.Priority!.Value) });
        Set("time_limit", draft.TimeLimit is not null, spec => spec with { TimeLimit = TimeLimit(draft.TimeLimit) });
        Set("depends_on_ids", draft.DependsOnIds is not null, spec => spec with { Dependencies = spec.Dependencies with { On = Ids(draft.DependsOnIds ?? []) } });
        Set("dependency_mode", draft.DependencyMode is not null, spec => spec with { Dependencies = spec.Dependencies with { Mode = Mode(draft.DependencyMode) } });
        Set("auto_cancel_on_dependency_failure", draft.AutoCancelOnDependencyFailure is not null, spec => spec with { Dependencies = spec.Dependencies with { AutoCancel = draft.AutoCancelOnDependencyFailure!.Value } });
        Set("notifications", draft.Notifications is not null, spec => spec with { Notifications = draft.Notifications is { } wanted ? Wish(wanted.Over(spec.Notifications)) : null });
        return (after, fields);
    }

    private void RefuseWhatIsNotYet(IDictionary<string, JsonElement>? others)
    {
        foreach (var (field, value) in others ?? new Dictionary<string, JsonElement>())
        {
            if (NotYet.TryGetValue(field, out var harmless) && !harmless.Contains(value.GetRawText()))
            {
                Refuse("not_available", $"'{field}' is not available in this version.", field);
            }
        }
    }

    private string? Name(string? name)
    {
        if (string.IsNullOrWhiteSpace(name))
        {
            return null;
        }

        if (name.Length > MaxNameChars)
        {
            Refuse("invalid", $"The name has {name.Length} characters; at most {MaxNameChars} are allowed.", "name");
        }
        else if (!ByteText.IsUtf8(name))
        {
            Refuse("invalid", $"The name \"{name}\" is not UTF-8 text; write it in UTF-8.", "name");
        }
        else if (name.Any(char.IsControl))
        {
            Refuse("invalid", "The name holds a control character such as a line break; use printable characters.", "name");
        }

        return name.Trim();
    }

    private string? Script(string? path)
    {
        if (path is not null)
        {
            CheckText(path, "The script's path", "script", "Move it.");
        }

        return path;
    }

    private string? Command(SubmissionDraft draft)
    {
        if (draft is { Command: null, ScriptContent.Length: <= MaxScriptBytes } && ScriptFormat.Fault(draft.ScriptContent, draft.Script) is { } fault)
        {
            _problems.Add(fault);
            return null;
        }

        switch (draft)
        {
            case { Script: null, ScriptContent: null, Command: null }:
                Refuse("invalid", "There is nothing to run: give 'command' or 'script'.", "command");
                return null;
            case { Command: not null, Script: not null } or { Command: not null, ScriptContent: not null }:
                Refuse("invalid", "Give either 'command' or 'script', not both.", "command");
                return null;
            case { Command: null, ScriptContent.Length: > MaxScriptBytes }:
                Refuse("invalid", $"The script has {draft.ScriptContent.Length} bytes; at most {MaxScriptBytes} are allowed.", "script_content");
                return null;
            case { Command: null, ScriptContent: null }:
                Refuse("invalid", $"The script's bytes are missing: send them as 'script_content' (base64) along with its path {draft.Script}.", "script_content");
                return null;
            default:
                return draft.Command is null ? null : CommandText(draft.Command);
        }
    }

    private string CommandText(string command)
    {
        if (string.IsNullOrWhiteSpace(command))
        {
            Refuse("invalid", "The command is empty.", "command");
        }
        else
        {
            CheckText(command, "The command", "command", "Put it into a script file.");
        }

        return command;
    }

    /// <summary>Fields that a job can be without.</summary>
    private static bool IsClearable(string field) => field is "time_limit" or "depends_on_ids" or "notifications";

    private List<string> Arguments(SubmissionDraft draft)
    {
        if (draft.Arguments is not { Count: > 0 } arguments)
        {
            return [];
        }

        if (draft.Command is not null)
        {
            Refuse("invalid", "Arguments belong to a script; a command carries its own.", "arguments");
        }

        var texts = Texts(arguments, "arguments");
        foreach (var argument in texts)
        {
            CheckText(argument, "An argument", "arguments", "Pass it in a file.");
        }

        return texts;
    }

    private string RunDir(string? directory)
    {
        // "." is what older clients send when they do not say.
        if (directory is null or "" or ".")
        {
            return _policy.DefaultRunDir;
        }

        if (directory[0] != '/' || directory.Contains('\0'))
        {
            Refuse("invalid", $"'run_dir' must be an absolute path; it is '{directory}'.", "run_dir");
        }

        return directory;
    }

    private int Gpus(long gpus)
    {
        if (gpus < 0)
        {
            Refuse("invalid", $"'gpus' must be 0 or more; it is {gpus}.", "gpus");
        }
        else if (gpus > _policy.GpuCount)
        {
            Refuse("infeasible", $"The job asks for {gpus} {(gpus == 1 ? "GPU" : "GPUs")}; this machine has {_policy.GpuCount}, so it could never start.", "gpus");
        }

        return (int)Math.Clamp(gpus, 0, int.MaxValue);
    }

    private byte Priority(long priority)
    {
        if (priority is < 0 or > 255)
        {
            Refuse("invalid", $"'priority' must be between 0 and 255; it is {priority}.", "priority");
        }

        return (byte)Math.Clamp(priority, 0, 255);
    }

    private TimeSpan? TimeLimit(WireDuration? limit)
    {
        if (limit is not { } given)
        {
            return null;
        }

        if (given.Secs < 0 || given.Nanos is < 0 or >= 1_000_000_000 || given is { Secs: 0, Nanos: 0 } || given.Secs > MaxTimeLimitSecs)
        {
            Refuse("invalid", $"'time_limit' must be more than 0 and at most ten years; it is {given.Secs} s and {given.Nanos} ns.", "time_limit");
            return null;
        }

        return TimeSpan.FromTicks((given.Secs * TimeSpan.TicksPerSecond) + (given.Nanos / 100));
    }

    private DependencySpec Dependencies(SubmissionDraft draft)
    {
        var on = Ids([.. draft.DependsOnIds ?? [], .. draft.DependsOn is { } single ? [single] : Array.Empty<long>()]);
        return on.Count == 0 && draft.DependencyMode is null
            ? DependencySpec.None with { AutoCancel = draft.AutoCancelOnDependencyFailure ?? true }
            : new DependencySpec(on, Mode(draft.DependencyMode), draft.AutoCancelOnDependencyFailure ?? true);
    }

    private List<JobId> Ids(IReadOnlyList<long> ids) =>
        [.. ids.Distinct().Order().Select(id => Id(id, "depends_on_ids")).OfType<JobId>()];

    private JobId? Id(long id, string field)
    {
        if (id is > 0 and <= uint.MaxValue)
        {
            return new JobId((uint)id);
        }

        Refuse("invalid", $"{id} is not a job id; ids are whole numbers from 1.", field);
        return null;
    }

    private DependencyMode Mode(string? mode)
    {
        switch (mode)
        {
            case null or "All":
                return DependencyMode.All;
            case "Any":
                return DependencyMode.Any;
            default:
                Refuse("invalid", $"'dependency_mode' must be \"All\" or \"Any\"; it is \"{mode}\".", "dependency_mode");
                return DependencyMode.All;
        }
    }

    private string? Project(string? project)
    {
        var name = string.IsNullOrWhiteSpace(project) ? null : project.Trim();
        if (name is null)
        {
            if (_policy.RequireProject)
            {
                Refuse("invalid", "Project is required: give one with --project.", "project");
            }
        }
        else if (Encoding.UTF8.GetByteCount(name) > MaxProjectBytes)
        {
            Refuse("invalid", $"Project name too long: {Encoding.UTF8.GetByteCount(name)} bytes; at most {MaxProjectBytes} are allowed.", "project");
        }
        else if (name.Any(char.IsControl))
        {
            Refuse("invalid", "The project's name holds a control character; use printable characters.", "project");
        }
        else if (_policy.KnownProjects.Count > 0 && !_policy.KnownProjects.Contains(name))
        {
            Refuse("invalid", $"Unknown project '{name}'; known are: {string.Join(", ", _policy.KnownProjects)}.", "project");
        }

        return name;
    }

    private NotificationWish? Wish(WireNotifications? wanted)
    {
        var emails = Distinct(Texts(wanted?.Emails, "notifications.emails"), text => text);
        var events = Distinct(Texts(wanted?.Events, "notifications.events"), text => text.ToLowerInvariant());
        _problems.AddRange(events.Select(EventTypes.CheckForJobs).OfType<Problem>());
        foreach (var email in emails)
        {
            if (_policy.MailboxProblem(email) is { } problem)
            {
                Refuse("invalid", $"'{email}' is not an e-mail address: {problem}.", "notifications");
            }
        }

        if (wanted?.Me == true)
        {
            var own = RecipientRules.AddressOf(_policy.User, _policy.Recipients);
            _problems.AddRange(own.Problems);
            emails = own.Ok ? [own.Value, .. emails] : emails;
        }
        else if (emails.Count == 0)
        {
            if (events.Count > 0)
            {
                Refuse("invalid", "Events are chosen but nobody is to be told: give an address with --notify-email, or --notify-me.", "notifications");
            }

            return null;
        }

        _problems.AddRange(RecipientRules.CheckAllowed(emails, _policy.User, _policy.Recipients));
        if (RecipientRules.CheckRoad(_policy.User, _policy.Recipients) is { } none)
        {
            _problems.Add(none);
        }

        return new NotificationWish(
            [.. emails.DistinctBy(MailboxText.Key)],
            events.Count > 0 ? events : [.. EventTypes.PerJobDefaults.Select(type => type.WireName())]);
    }

    /// <summary>The items of a list that came as JSON, which can hold <c>null</c> where its type cannot.</summary>
    private List<string> Texts(IReadOnlyList<string>? list, string field)
    {
        var texts = (list ?? []).Where(text => text is not null).ToList();
        if (texts.Count < list?.Count)
        {
            Refuse("invalid", $"'{field}' holds null; each of its items must be a text.", field);
        }

        return texts;
    }

    private static List<string> Distinct(List<string> texts, Func<string, string> normal) =>
        [.. texts.Select(text => normal(text.Trim())).Where(text => text.Length > 0).Distinct()];

    private byte[]? EnvironmentBytes(IReadOnlyDictionary<string, string>? environment)
    {
        if (environment is null)
        {
            return null;
        }

        var bytes = new List<byte>();
        foreach (var (key, value) in environment.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (key.Length == 0 || key.Contains('=') || key.Contains('\0'))
            {
                Refuse("invalid", $"'{key}' is not a name of an environment variable.", "environment");
            }

            CheckText(key + "=" + value, $"The environment variable {key}", "environment", "Unset it before submitting.");
            bytes.AddRange(ByteText.Bytes($"{key}={value}"));
            bytes.Add(0);
        }

        if (bytes.Count > MaxEnvironmentBytes)
        {
            Refuse("invalid", $"The environment has {bytes.Count} bytes; at most {MaxEnvironmentBytes} are allowed.", "environment");
        }

        return [.. bytes];
    }

    private void CheckText(string text, string what, string field, string remedy)
    {
        if (text.Contains('\0'))
        {
            Refuse("invalid", $"{what} holds a zero byte.", field);
        }
        else if (ByteText.Bytes(text).Length is var bytes and > MaxTextBytes)
        {
            Refuse("invalid", string.Create(CultureInfo.InvariantCulture, $"{what} has {bytes} bytes; the system takes at most {MaxTextBytes}. {remedy}"), field);
        }
    }

    private void Refuse(string code, string message, string field) => _problems.Add(new Problem(code, message, field));

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
