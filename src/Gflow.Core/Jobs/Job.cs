namespace Gflow.Core.Jobs;

/// <summary>One job: what was asked, by whom, and where it stands.</summary>
/// <param name="Attempt">1 for the first run; with the id it names one run to the launcher.</param>
/// <param name="Revision">Counts the job's committed changes; events of a job carry it, so receivers can order them.</param>
public sealed record Job(JobId Id, JobSpec Spec, string SubmittedBy, uint Uid, DateTimeOffset SubmittedAt, JobStatus Status, int Attempt, int Revision)
{
    public JobState State => Status.State;

    /// <summary>The name other tools find the job by: <c>gjob-ID</c>, or <c>gjob-ID-NAME</c> with the chosen name made safe.</summary>
    public string RunName => RunNameText.Format(Id, Spec.Name);
}
