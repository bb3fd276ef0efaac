using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Gpus;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
using Gflow.Core.Scheduling;
using Gflow.Core.Submission;
using Gflow.Daemon.Gpus.Simulated;

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
        Gpus = [.. Enumerable.Range(0, 4).Select(index => new GpuSlot(index, new GpuCard($"GPU-{index}", "NVIDIA A100-SXM4-80GB", 81_559)))],
        DefaultRunDir = "/",
        MailboxProblem = text => text.Contains('@') ? null : "write user@host",
        Recipients = new RecipientPolicy
        {
            Enabled = true,
            Targets = [new Subscription { Target = "lab", Kind = "email", ServesMailboxes = true, Events = EventTypes.All.ToHashSet() }],
        },
    };

    /// <summary>So many cards, of no particular kind unless they are said to be.</summary>
    public static IReadOnlyList<GpuCard> Gpus(int count) => [.. Enumerable.Range(0, count).Select(index => new GpuCard($"GPU-{index}"))];

    /// <summary>Rules that have found these cards, each of them in order and used by nobody.</summary>
    public static GpuRules Found(IReadOnlyList<GpuCard> cards, GpuBoard? board = null)
    {
        var rules = new GpuRules(board ?? GpuBoard.Empty);
        new SimulatedGpuSource(cards).Begin(rules, Noon);
        return rules;
    }

    /// <summary>The jobs on a machine of so many GPUs.</summary>
    public static Board Board(JobBoard jobs, int gpus)
    {
        return Core.Scheduling.Board.Empty with { Jobs = jobs, Gpus = Found(Gpus(gpus)).Board };
    }

    public static SubmissionDraft Command(string command = "true") => new() { Command = command, RunDir = "/" };

    public static NewJob Job(int gpus = 0, byte priority = JobSpec.DefaultPriority, TimeSpan? limit = null, params uint[] after) =>
        new(new JobSpec { Command = "true", RunDir = "/", Gpus = gpus, Priority = priority, TimeLimit = limit, Dependencies = After(after) }, Alice);

    /// <summary>The job that was submitted with it, waiting.</summary>
    public static Job Queued(JobSpec spec) => new(new JobId(7), spec, "alice", 1000, Noon, new JobStatus.Queued(), 1, 1);

    public static NewJob Any(params uint[] after) =>
        new(new JobSpec { Command = "true", RunDir = "/", Dependencies = After(after) with { Mode = DependencyMode.Any } }, Alice);

    private static DependencySpec After(uint[] ids) => DependencySpec.None with { On = [.. ids.Select(id => new JobId(id))] };
}
