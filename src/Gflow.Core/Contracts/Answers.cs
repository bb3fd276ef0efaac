using System.Text.Json.Serialization;

namespace Gflow.Core.Contracts;

/// <summary>What a submission would come to.</summary>
/// <param name="State">In which it would be.</param>
/// <param name="ReasonText">Why it would be over at once; left out when it would not.</param>
/// <param name="Notifications">As for a submission.</param>
public sealed record CheckedJob(
    string State,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ReasonText,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ToldPeople? Notifications)
{
    /// <inheritdoc cref="SubmittedJob.Warning"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Warning { get; init; }

    /// <inheritdoc cref="SubmittedJob.Tasks"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Tasks { get; init; }
}

/// <summary>The answer to a submission.</summary>
/// <param name="State">In which it is now.</param>
/// <param name="ReasonText">Why it is over already, as when a dependency has failed; left out when it is not.</param>
/// <param name="Notifications">Who will be told by mail, of what, by which transport; left out when nobody is.</param>
/// <param name="Cascade">After a repeat with <c>cascade</c>: the copies of those that had been cancelled for the job's sake.</param>
public sealed record SubmittedJob(
    uint Id,
    string RunName,
    string? State = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ReasonText = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ToldPeople? Notifications = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<RedoneJob>? Cascade = null)
{
    /// <summary>Why it will not start, as things are, before an administrator does something; left out when it may.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Warning { get; init; }

    /// <summary>Of an array or a sweep, whose first task this is: its id (a UUID).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? GroupId { get; init; }

    /// <summary>Of an array or a sweep: how many jobs it is. Their numbers follow each other.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Tasks { get; init; }
}

/// <param name="Emails">Mailboxes.</param>
/// <param name="Events">Wire names, or <c>*</c> for all of jobs.</param>
/// <param name="Transport">Name of the mail transport; null when none serves them any more.</param>
public sealed record ToldPeople(IReadOnlyList<string> Emails, IReadOnlyList<string> Events, string? Transport);

/// <summary>What cancelling a job would come to.</summary>
/// <param name="Lost">Those that wait for it and would never start by themselves.</param>
public sealed record CancelForecastView(uint Id, string State, IReadOnlyList<LostJobView> Lost);

/// <param name="Outcome"><c>cancelled</c>, or <c>blocked</c> for one that would wait on.</param>
public sealed record LostJobView(uint Id, string State, string Outcome, uint DependsOn);

/// <summary>The copy of a job that was cancelled for another one's sake.</summary>
public sealed record RedoneJob(uint Id, string RunName, uint RedoneFrom);

/// <summary>The answer to an update.</summary>
public sealed record UpdatedJob(JobView Job, IReadOnlyList<string> UpdatedFields);

/// <summary>The answer to cancel, hold, release and signal.</summary>
public sealed record JobActionAnswer(uint Id, string State)
{
    /// <summary>After a cancel of a running job: when what is left of it is killed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WireInstant? KillAt { get; init; }

    /// <summary>After a cancel: who depends on the job and is cancelled with it, or as soon as it has ended.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<uint>? CancelledDependents { get; init; }

    /// <summary>After a cancel: who depends on the job and will not start by itself any more.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<uint>? BlockedDependents { get; init; }
}

/// <summary>What a job runs.</summary>
/// <param name="Script">Path that the script was submitted from; null for commands and for scripts from standard input.</param>
/// <param name="Content">The script's bytes as they were submitted; null for commands.</param>
/// <param name="Command">The shell text; null for scripts.</param>
public sealed record JobProgram(uint Id, string? Script, IReadOnlyList<string> Arguments, byte[]? Content, string? Command);

public sealed record ResolvedJob(uint JobId);

/// <summary>Every refusal of the API.</summary>
/// <param name="Error">All problems as one text.</param>
/// <param name="State">The state of the job or the status of the reservation, when that was the reason for a 409.</param>
public sealed record ErrorAnswer(
    string Error,
    IReadOnlyList<WireProblem> Problems,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? State = null);

public sealed record WireProblem(string Code, string Message, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Field = null);

/// <param name="Status"><c>ok</c>; <c>no_new_work</c> when submissions are refused, <c>read_only</c> when nothing can be changed.</param>
/// <param name="Reason">Code of why it is not ok.</param>
/// <param name="Detail">The same as a sentence, for the daemon's user alone.</param>
public sealed record HealthAnswer(
    string Status,
    int Pid,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Detail = null);

/// <summary>What <c>gflowd status</c> shows.</summary>
/// <param name="UnknownJobs">Jobs the launcher has and the database lacks.</param>
public sealed record StatusAnswer
{
    /// <summary>All that is out of order, the gravest first: <see cref="Troubles"/>, then targets of notifications, the heartbeat and GPUs; empty when all is well.</summary>
    public IReadOnlyList<WireProblem> Ill { get; init; } = [];

    public required string Version { get; init; }

    public required int Pid { get; init; }

    public required long UptimeSecs { get; init; }

    public required string Executor { get; init; }

    public required int GpuTotal { get; init; }

    public required int GpuAvailable { get; init; }

    /// <summary>What there is to know about the GPUs, as sentences.</summary>
    public IReadOnlyList<string> GpuNotes { get; init; } = [];

    /// <summary>The user whose daemon it is; of a shared one, as whom it serves.</summary>
    public required string User { get; init; }

    /// <summary>Whether it is the machine's, for all its users.</summary>
    public required bool Shared { get; init; }

    public required string DataDir { get; init; }

    public required string Socket { get; init; }

    public string? Url { get; init; }

    public required int RunningJobs { get; init; }

    public required int QueuedJobs { get; init; }

    /// <summary>Why no new work is taken, the gravest reason first; empty when it is.</summary>
    public IReadOnlyList<WireProblem> Troubles { get; init; } = [];

    /// <summary>Who is called for as long as all works; null for nobody.</summary>
    public HeartbeatView? Heartbeat { get; init; }

    /// <summary>Path of the configuration; null where there is no file, and the defaults count.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>Path of the daemon's log; null where it goes to no file.</summary>
    public string? LogFile { get; init; }

    /// <summary>The unit under whose name systemd's journal has the daemon's log; null where that does not have it.</summary>
    public string? LogUnit { get; init; }

    public required IReadOnlyList<UnknownJob> UnknownJobs { get; init; }

    /// <summary>Processes that came from jobs and have hidden from which.</summary>
    public IReadOnlyList<UnknownProcess> UnknownProcesses { get; init; } = [];

    /// <summary>Targets for which notifications wait, and which are not configured.</summary>
    public IReadOnlyList<UnknownTarget> UnknownTargets { get; init; } = [];
}

/// <param name="Host">Who is called, without anything that may be a secret.</param>
/// <param name="LastAnsweredAt">When it last took a call, since the daemon was started or read its configuration.</param>
/// <param name="Problem">Why the last call was not made or not taken; null when it was.</param>
public sealed record HeartbeatView(string Host, double EverySecs, WireInstant? LastAnsweredAt, string? Problem);

/// <summary>A job the launcher has and the database lacks: never killed, its GPUs kept.</summary>
public sealed record UnknownJob(uint Id, int Attempt, int Pid);

/// <param name="Name">Of its program, as the kernel cuts it.</param>
public sealed record UnknownProcess(int Pid, string Name);

/// <param name="Waiting">Deliveries; they go when a target of that name is configured again.</param>
/// <param name="Until">When the last of them is given up.</param>
public sealed record UnknownTarget(string Name, long Waiting, WireInstant Until);

/// <param name="Truncated">Whether the log has more than what is shown.</param>
public sealed record LogContent(uint JobId, string Path, long Size, bool Truncated, string Content);
