using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
using Gflow.Core.Scheduling;
using Gflow.Core.Submission;

namespace Gflow.Tests.TestKit;

/// <summary>Builders of what tests submit, with everything that does not matter filled in.</summary>
internal static class Draft
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static Actor Alice { get; } = new(1000, "alice", Administrator: true, IdentifiedBy.PeerCredentials);

    /// <summary>Neither Alice nor an administrator.</summary>
    public static Actor Bob { get; } = new(1001, "bob", Administrator: false, IdentifiedBy.PeerCredentials);

    public static SubmissionPolicy Policy { get; } = new()
    {
        User = "alice",
        GpuCount = 4,
        DefaultRunDir = "/",
        MailboxProblem = text => text.Contains('@') ? null : "write user@host",
        Recipients = new RecipientPolicy
        {
            Enabled = true,
            Targets = [new Subscription { Target = "lab", Kind = "email", ServesMailboxes = true, Events = EventTypes.All.ToHashSet() }],
        },
    };

    public static IReadOnlyList<string> Gpus(int count) => [.. Enumerable.Range(0, count).Select(index => $"GPU-{index}")];

    /// <summary>The jobs on a machine of so many GPUs.</summary>
    public static Board Board(JobBoard jobs, int gpus)
    {
        var rules = new GpuRules(GpuBoard.Empty);
        rules.Read(Gpus(gpus));
        return Core.Scheduling.Board.Empty with { Jobs = jobs, Gpus = rules.Board };
    }

    public static SubmissionDraft Command(string command = "true") => new() { Command = command, RunDir = "/" };

    public static NewJob Job(int gpus = 0, byte priority = JobSpec.DefaultPriority, TimeSpan? limit = null, params uint[] after) =>
        new(new JobSpec { Command = "true", RunDir = "/", Gpus = gpus, Priority = priority, TimeLimit = limit, Dependencies = After(after) }, Alice);

    public static NewJob Any(params uint[] after) =>
        new(new JobSpec { Command = "true", RunDir = "/", Dependencies = After(after) with { Mode = DependencyMode.Any } }, Alice);

    private static DependencySpec After(uint[] ids) => DependencySpec.None with { On = [.. ids.Select(id => new JobId(id))] };
}
