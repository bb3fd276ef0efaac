using System.Text.Json;
using System.Text.Json.Serialization;
using Gflow.Core.Arrays;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Core.Contracts;

/// <summary>Every field of a submission, all optional: what clients send, what script directives hold, what flags give. Drafts lie over one another.</summary>
public sealed record SubmissionDraft
{
    /// <summary>The name the user chose. <c>run_name</c> is the spelling of older clients.</summary>
    public string? Name { get; init; }

    public string? RunName { get; init; }

    /// <summary>The script's absolute path; the bytes that run are in <see cref="ScriptContent"/>, or read from the path by the daemon when they are missing.</summary>
    public string? Script { get; init; }

    public byte[]? ScriptContent { get; init; }

    /// <summary>The script's arguments.</summary>
    public IReadOnlyList<string>? Arguments { get; init; }

    /// <summary>A shell text for <c>bash -c</c>.</summary>
    public string? Command { get; init; }

    public string? RunDir { get; init; }

    /// <summary>The bytes of <see cref="Script"/>, <see cref="Arguments"/>, <see cref="RunDir"/> and of values of <see cref="Environment"/> that are not UTF-8; these show U+FFFD then. Only on the wire: see <see cref="Packed"/>.</summary>
    public byte[]? ScriptBase64 { get; init; }

    public IReadOnlyList<byte[]>? ArgumentsBase64 { get; init; }

    public byte[]? RunDirBase64 { get; init; }

    /// <summary>By the name of the variable.</summary>
    public IReadOnlyDictionary<string, byte[]>? EnvironmentBase64 { get; init; }

    /// <summary>The submitter's environment; null for the minimal login environment.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>Octal, as umask(1) shows it; null for 022.</summary>
    public string? Umask { get; init; }

    /// <summary>Soft limits by the names of <see cref="Jobs.ResourceLimits"/>, null for none; those of the launcher where one is missing.</summary>
    public IReadOnlyDictionary<string, long?>? Limits { get; init; }

    /// <summary>How many; as many as <see cref="GpuIndices"/> names when it is left out.</summary>
    public long? Gpus { get; init; }

    /// <summary>A part of the model's name.</summary>
    public string? GpuType { get; init; }

    /// <summary>The least memory of each GPU, in MiB.</summary>
    public long? GpuMinMemoryMb { get; init; }

    /// <summary>Only of these.</summary>
    public IReadOnlyList<long>? GpuIndices { get; init; }

    public long? Priority { get; init; }

    public WireDuration? TimeLimit { get; init; }

    public long? DependsOn { get; init; }

    public IReadOnlyList<long>? DependsOnIds { get; init; }

    /// <summary>Numbers of groups: it waits for all their jobs.</summary>
    public IReadOnlyList<long>? DependsOnGroups { get; init; }

    public string? DependencyMode { get; init; }

    public bool? AutoCancelOnDependencyFailure { get; init; }

    public string? Project { get; init; }

    /// <summary>Whether it waits until somebody releases it.</summary>
    public bool? Hold { get; init; }

    public WireNotifications? Notifications { get; init; }

    /// <summary>The job this one repeats.</summary>
    public long? RedoneFrom { get; init; }

    /// <summary>Which tasks an array has: indices, ranges, steps, and how many may run at once, such as <c>0-15:5,20%4</c>.</summary>
    public string? Array { get; init; }

    /// <summary>Parameters of which every combination is a task, the first varying slowest.</summary>
    public IReadOnlyList<WireAxis>? Sweep { get; init; }

    /// <summary>Combinations that are given one by one.</summary>
    public WireRows? SweepRows { get; init; }

    /// <summary>What each task of a sweep is called, with names of parameters in braces.</summary>
    public string? NameTemplate { get; init; }

    /// <summary>How many jobs of the group may run at once.</summary>
    public long? MaxConcurrent { get; init; }

    /// <summary>How many tasks may fail before the rest is not started: <c>3</c>, <c>10%</c>, <c>3:hold</c>.</summary>
    public string? MaxFails { get; init; }

    /// <summary>A UUID that jobs of one submission have in common, where a client makes one job of each task itself.</summary>
    public string? GroupId { get; init; }

    /// <summary>The job's index in such an array.</summary>
    public long? TaskId { get; init; }

    /// <summary>The values of its parameters.</summary>
    public IReadOnlyDictionary<string, string>? Parameters { get; init; }

    /// <summary>What a copy of a task is told of the array that it is from.</summary>
    [JsonIgnore]
    public ArrayFrame? Frame { get; init; }

    /// <summary>The tasks that are to be made of it, where they are those of an earlier group.</summary>
    [JsonIgnore]
    public TaskPlan? Plan { get; init; }

    /// <summary>The jobs that these repeat, one for each task.</summary>
    [JsonIgnore]
    public IReadOnlyList<uint>? RedoneTasks { get; init; }

    /// <summary>Whether many jobs are to be made of it.</summary>
    [JsonIgnore]
    public bool IsGroup => Plan is not null || Array is not null || Sweep is { Count: > 0 } || SweepRows is not null;

    /// <summary>Everything else that came: ignored where it is a job's own output (<c>id</c>, <c>state</c>…), refused where it asks for what is not there yet.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Others { get; set; }

    /// <summary>Asks for what a job asked for.</summary>
    public static SubmissionDraft Of(Job source, byte[]? script, IReadOnlyDictionary<string, string>? environment)
    {
        var spec = source.Spec;
        return new SubmissionDraft
        {
            Name = spec.Name,
            Script = spec.Script,
            ScriptContent = script,
            Arguments = spec.Arguments,
            Command = spec.Command,
            RunDir = spec.RunDir,
            Environment = environment,
            Umask = Convert.ToString(spec.Umask, 8),
            Limits = spec.Limits,
            Gpus = spec.Gpus,
            GpuType = spec.GpuWish.Type,
            GpuMinMemoryMb = spec.GpuWish.MinMemoryMb,
            GpuIndices = spec.GpuWish.Indices.Count > 0 ? [.. spec.GpuWish.Indices.Select(index => (long)index)] : null,
            Priority = spec.Priority,
            TimeLimit = WireDuration.From(spec.TimeLimit),
            DependsOnIds = [.. spec.Dependencies.On.Select(dependency => (long)dependency.Value)],
            DependsOnGroups = spec.Dependencies.Groups.Count > 0 ? [.. spec.Dependencies.Groups.Select(group => (long)group.Value)] : null,
            DependencyMode = spec.Dependencies.Mode.ToString(),
            AutoCancelOnDependencyFailure = spec.Dependencies.AutoCancel,
            Project = spec.Project,
            Notifications = spec.Notifications is { } wish ? new WireNotifications { Emails = wish.Emails, Events = wish.FirstFailureOnly ? null : wish.Events } : null,
            RedoneFrom = source.Id.Value,
            NameTemplate = spec.NameTemplate,
            TaskId = source.TaskId,
            Frame = source.Frame,
            Parameters = source.Parameters.Count > 0 ? source.Parameters : null,
        };
    }

    /// <summary>Asks for some tasks of a group once more.</summary>
    /// <param name="sources">Those that are repeated, by their ordinals.</param>
    /// <param name="maxConcurrent">How many may run at once; null for any number.</param>
    public static SubmissionDraft Of(JobGroup group, IReadOnlyList<Job> sources, int? maxConcurrent, byte[]? script, IReadOnlyDictionary<string, string>? environment) =>
        Of(sources[0], script, environment) with
        {
            RedoneFrom = null,
            TaskId = null,
            Parameters = null,
            Name = group.Spec.Name,
            Plan = group.Plan!.Of([.. sources.Select(source => source.Ordinal)]),
            RedoneTasks = [.. sources.Select(source => source.Id.Value)],
            MaxConcurrent = maxConcurrent,
            MaxFails = group.MaxFails?.ToString(),
        };

    /// <summary>The draft as it goes over the wire: with the bytes of what is not UTF-8 beside it (<see cref="ByteText"/>).</summary>
    public SubmissionDraft Packed() => this with
    {
        ScriptBase64 = Script is { } script ? Packed(script) : null,
        ArgumentsBase64 = Arguments is { } arguments && !arguments.All(ByteText.IsUtf8) ? [.. arguments.Select(ByteText.Bytes)] : null,
        RunDirBase64 = RunDir is { } directory ? Packed(directory) : null,
        EnvironmentBase64 = Environment is { } variables && variables.Where(variable => !ByteText.IsUtf8(variable.Value)).ToList() is { Count: > 0 } others
            ? others.ToDictionary(variable => variable.Key, variable => ByteText.Bytes(variable.Value))
            : null,
    };

    /// <summary>The opposite of <see cref="Packed()"/>: where bytes are given, they count.</summary>
    public SubmissionDraft Unpacked()
    {
        var variables = Environment;
        if (EnvironmentBase64 is { Count: > 0 } bytes)
        {
            var all = new Dictionary<string, string>(Environment ?? new Dictionary<string, string>());
            foreach (var (name, value) in bytes)
            {
                all[name] = ByteText.Of(value);
            }

            variables = all;
        }

        return this with
        {
            Script = ScriptBase64 is { } script ? ByteText.Of(script) : Script,
            Arguments = ArgumentsBase64 is { } arguments ? [.. arguments.Select(argument => ByteText.Of(argument))] : Arguments,
            RunDir = RunDirBase64 is { } directory ? ByteText.Of(directory) : RunDir,
            Environment = variables,
            ScriptBase64 = null,
            ArgumentsBase64 = null,
            RunDirBase64 = null,
            EnvironmentBase64 = null,
        };
    }

    private static byte[]? Packed(string text) => ByteText.IsUtf8(text) ? null : ByteText.Bytes(text);

    /// <summary>This draft with <paramref name="upper"/> laid over it: what is set above wins. Where that wants no GPUs, nothing is left of which it had wanted.</summary>
    public SubmissionDraft Under(SubmissionDraft upper) => new()
    {
        // Each says what the job is called, so the upper one's is in the place of both.
        Name = upper.Name ?? (upper.NameTemplate is null ? Name : null),
        RunName = upper.RunName ?? RunName,
        Script = upper.Script ?? Script,
        ScriptContent = upper.ScriptContent ?? ScriptContent,
        Arguments = upper.Arguments ?? Arguments,
        Command = upper.Command ?? Command,
        RunDir = upper.RunDir ?? RunDir,
        Environment = upper.Environment ?? Environment,
        Umask = upper.Umask ?? Umask,
        Limits = upper.Limits ?? Limits,
        Gpus = upper.Gpus ?? Gpus,
        GpuType = upper.GpuType ?? (upper.Gpus == 0 ? null : GpuType),
        GpuMinMemoryMb = upper.GpuMinMemoryMb ?? (upper.Gpus == 0 ? null : GpuMinMemoryMb),
        GpuIndices = upper.GpuIndices ?? (upper.Gpus == 0 ? null : GpuIndices),
        Priority = upper.Priority ?? Priority,
        TimeLimit = upper.TimeLimit ?? TimeLimit,
        DependsOn = upper.DependsOn ?? DependsOn,
        DependsOnIds = upper.DependsOnIds ?? DependsOnIds,
        DependsOnGroups = upper.DependsOnGroups ?? DependsOnGroups,
        DependencyMode = upper.DependencyMode ?? DependencyMode,
        AutoCancelOnDependencyFailure = upper.AutoCancelOnDependencyFailure ?? AutoCancelOnDependencyFailure,
        Project = upper.Project ?? Project,
        Hold = upper.Hold ?? Hold,
        Notifications = upper.Notifications ?? Notifications,
        RedoneFrom = upper.RedoneFrom ?? RedoneFrom,
        Array = upper.Array ?? Array,
        Sweep = upper.Sweep ?? Sweep,
        SweepRows = upper.SweepRows ?? SweepRows,
        NameTemplate = upper.NameTemplate ?? (upper.Name is null ? NameTemplate : null),
        MaxConcurrent = upper.MaxConcurrent ?? MaxConcurrent,
        MaxFails = upper.MaxFails ?? MaxFails,
        GroupId = upper.GroupId ?? GroupId,
        TaskId = upper.TaskId ?? TaskId,
        Parameters = upper.Parameters ?? Parameters,
        Frame = upper.Frame ?? Frame,
        Plan = upper.Plan ?? Plan,
        RedoneTasks = upper.RedoneTasks ?? RedoneTasks,
        Others = upper.Others ?? Others,
    };
}
