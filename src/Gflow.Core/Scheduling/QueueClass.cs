using System.Collections.Immutable;
using Gflow.Core.Gpus;
using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

/// <summary>What the jobs of one line have in common. All that a pass decides by is in it, so that what hinders one of them hinders all.</summary>
/// <param name="Group">The number of the group whose limit they share; null for none.</param>
public readonly record struct QueueClass(string User, string? Project, Demand Demand, JobId? Group)
{
    public static QueueClass Of(Job job) => new(job.SubmittedBy, job.Spec.Project, new Demand(job.Spec.Gpus, job.Spec.GpuWish), job.Group?.Number);
}

/// <summary>The jobs of a class that wait for their turn and for nothing else, in their fixed order; never none.</summary>
public sealed record Line(QueueClass Of, ImmutableSortedSet<QueueKey> Waiting)
{
    /// <summary>Who is next. Looked up once, for every pass asks every line.</summary>
    public QueueKey Head { get; } = Waiting[0];
}

/// <summary>What a job takes of the machine while it runs.</summary>
/// <param name="Wish">Which GPUs will do.</param>
public readonly record struct Demand(int Gpus, GpuWish Wish);
