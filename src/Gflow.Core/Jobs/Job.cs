using System.Collections.ObjectModel;

namespace Gflow.Core.Jobs;

/// <summary>One job: what was asked, by whom, and where it stands.</summary>
/// <param name="Spec">The very object of its group, as long as it asks for what the others of it do.</param>
/// <param name="Attempt">1 for the first run; with the id it names one run to the launcher.</param>
/// <param name="Revision">Counts the job's committed changes; events of a job carry it, so receivers can order them.</param>
public sealed record Job(JobId Id, JobSpec Spec, string SubmittedBy, uint Uid, DateTimeOffset SubmittedAt, JobStatus Status, int Attempt, int Revision)
{
    /// <summary>What it was submitted with; null for a job on its own.</summary>
    public JobGroup? Group { get; init; }

    /// <summary>Which task of its group's plan it is, from 0.</summary>
    public int Ordinal { get; init; }

    public JobState State => Status.State;

    /// <summary>Its index in the array or sweep; null for a job that is no task.</summary>
    public uint? TaskId => Spec.TaskId ?? Group?.Plan?.Indices[Ordinal];

    /// <summary>The values of its parameters.</summary>
    public IReadOnlyDictionary<string, string> Parameters => Spec.Parameters ?? Group?.Plan?.ParametersOf(Ordinal) ?? ReadOnlyDictionary<string, string>.Empty;

    /// <summary>What it is told of the array that it is from; null for a job that is from none.</summary>
    public ArrayFrame? Frame => Spec.Frame ?? Group?.Frame;

    /// <summary>The job that it repeats; null for none.</summary>
    public JobId? RedoneFrom => Spec.RedoneFrom ?? (Group?.RedoneTasks is { } sources ? new JobId(sources[Ordinal]) : null);

    /// <summary>The name the user chose, with the values of its parameters; null when none was given.</summary>
    public string? Name => Spec.NameOf(Parameters);

    /// <inheritdoc cref="JobSpec.DisplayName"/>
    public string DisplayName => DisplayNameText.Of(Name, Spec.Script, Spec.Command);

    /// <summary>The name other tools find the job by: <c>gjob-ID</c>, or <c>gjob-ID-NAME</c> with the chosen name made safe.</summary>
    public string RunName => RunNameText.Format(Id, Name);

    /// <summary>What it runs: the values of its parameters in the place of their names.</summary>
    /// <returns>Or the problem with a value that its place cannot take.</returns>
    /// <remarks>It was looked at when the job was submitted, and whenever it was changed.</remarks>
    public Result<JobSpec> Filled => Spec.FilledWith(Parameters);

    /// <inheritdoc cref="JobSpec.CommandLine"/>
    public string CommandLine => Filled is { Ok: true } filled ? filled.Value.CommandLine : Spec.CommandLine;
}
