using Gflow.Core.Jobs;

namespace Gflow.Core.Access;

/// <summary>Who may do what with jobs and the machine, and who sees what of them.</summary>
public sealed record AccessPolicy
{
    private const uint Root = 0;

    /// <summary>Login names of administrators, beside root and the daemon's own user.</summary>
    public IReadOnlyList<string> Admins { get; init; } = [];

    /// <summary>Numbers of the groups whose members are administrators as well.</summary>
    public IReadOnlyList<uint> AdminGroups { get; init; } = [];

    /// <summary>Whether everybody sees command, script and working directory of all jobs.</summary>
    public bool ShareCommands { get; init; }

    /// <summary>Whether everybody reads the logs of all jobs.</summary>
    public bool ShareLogs { get; init; }

    /// <summary>What a user is to a daemon that serves all users.</summary>
    /// <param name="groups">His, as far as the kernel says; empty over TCP.</param>
    /// <param name="own">The uid that the daemon runs as.</param>
    /// <param name="by">Over TCP nobody is an administrator.</param>
    public Actor Identify(uint uid, string user, IReadOnlyList<uint> groups, uint own, IdentifiedBy by)
    {
        var trusted = uid == Root || uid == own || Admins.Contains(user, StringComparer.Ordinal) || groups.Any(AdminGroups.Contains);
        var overTcp = by == IdentifiedBy.SocketTable;
        return new Actor(uid, user, Administrator: trusted && !overTcp, by) { AdministratorElsewhere = trusted && overTcp };
    }

    /// <summary>What <paramref name="actor"/> sees of a user's job.</summary>
    /// <param name="owner">The uid that submitted it; null when nobody knows any more.</param>
    public Sight Of(Actor actor, uint? owner) =>
        Owns(actor, owner) ? Sight.Whole : new Sight(Own: false, ShareCommands, ShareLogs);

    /// <summary>Why somebody may not change or repeat a job; null when he may.</summary>
    public static Problem? ToChange(Actor actor, Job job) => Owns(actor, job.Uid)
        ? null
        : new(ProblemCode.NotOwner, $"Job {job.Id} belongs to {job.SubmittedBy}: only {job.SubmittedBy} and administrators may do this{Elsewhere(actor)}.");

    /// <summary>Why somebody may not change a group of jobs; null when he may.</summary>
    public static Problem? ToChange(Actor actor, JobGroup group) => Owns(actor, group.Uid)
        ? null
        : new(ProblemCode.NotOwner, $"Group {group.Number} belongs to {group.SubmittedBy}: only {group.SubmittedBy} and administrators may do this{Elsewhere(actor)}.");

    /// <summary>Why somebody may not see what a job runs; null when he may.</summary>
    public Problem? ToSeeProgram(Actor actor, Job job) => Of(actor, job.Uid).Command
        ? null
        : new(ProblemCode.NotOwner, $"Job {job.Id} belongs to {job.SubmittedBy}, and what it runs is private: only {job.SubmittedBy} and administrators may see it{Elsewhere(actor)}. [access] share_commands = true opens it to all.");

    /// <summary>Why somebody may not read a job's log; null when he may.</summary>
    public Problem? ToReadLog(Actor actor, Job job) => Of(actor, job.Uid).Log
        ? null
        : new(ProblemCode.NotOwner, $"Job {job.Id} belongs to {job.SubmittedBy}, and its log is private: only {job.SubmittedBy} and administrators may read it{Elsewhere(actor)}. [access] share_logs = true opens the logs to all.");

    /// <summary>Why somebody may not know who was told what about a job; null when he may.</summary>
    public static Problem? ToReadDeliveries(Actor actor, Job job) => Owns(actor, job.Uid)
        ? null
        : new(ProblemCode.NotOwner, $"Job {job.Id} belongs to {job.SubmittedBy}: only {job.SubmittedBy} and administrators may know who was told about it{Elsewhere(actor)}.");

    /// <summary>Why somebody may not do what concerns all users; null when he may.</summary>
    /// <param name="what">Such as <c>make reservations</c>.</param>
    public static Problem? ToAdminister(Actor actor, string what) => actor.Administrator
        ? null
        : new(ProblemCode.NotAdministrator, $"Only administrators may {what}{Elsewhere(actor)}. They are root, the daemon's own user and those of [access] admins.");

    private static bool Owns(Actor actor, uint? owner) => actor.Administrator || actor.Uid == owner;

    private static string Elsewhere(Actor actor) =>
        actor.AdministratorElsewhere ? "; you are one, but over TCP nobody is: use the Unix socket" : "";
}
