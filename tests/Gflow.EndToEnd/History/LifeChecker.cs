using Gflow.Core.Events;

namespace Gflow.EndToEnd.History;

/// <summary>Each job's events are a possible life, agree with what was asked for, and end where the job is.</summary>
internal static class LifeChecker
{
    private static readonly (Request Request, EventType Event)[] Effects =
    [
        (Request.Hold, EventType.JobHeld),
        (Request.Release, EventType.JobReleased),
        (Request.Update, EventType.JobUpdated),
        (Request.Cancel, EventType.JobCancelled),
    ];

    public static IEnumerable<string> Faults(Chronicle history)
    {
        var asked = CallChecker.Counts(history);
        var lives = history.Stream.Where(told => told.Job > 0).ToLookup(told => told.Job, told => told.Event);
        var jobs = new HashSet<uint>();
        foreach (var job in history.Jobs)
        {
            if (!jobs.Add(job.Job))
            {
                yield return $"job {job.Job} is listed twice";
            }

            var life = lives[job.Job].ToList();
            var end = End(life);
            if (end != job.State)
            {
                yield return $"job {job.Job} is {job.State}, and its events ({string.Join(' ', life)}) say: {end}";
            }

            foreach (var (request, type) in Effects)
            {
                var (certainly, perhaps) = asked.GetValueOrDefault((job.Job, request));
                var told = life.Count(happened => happened == type);
                if (told < certainly || told > certainly + perhaps)
                {
                    yield return $"job {job.Job} has {told} {type}, of which {certainly} were acknowledged and {perhaps} were asked for in vain";
                }
            }
        }

        foreach (var life in lives.Where(life => !jobs.Contains(life.Key)))
        {
            yield return $"job {life.Key} has events, and is not listed";
        }
    }

    /// <returns>The state after these events, or what cannot be.</returns>
    private static string End(List<EventType> life)
    {
        var state = "unheard of";
        foreach (var type in life)
        {
            state = (state, type) switch
            {
                ("unheard of", EventType.JobSubmitted) => "Queued",
                ("Queued" or "Hold", EventType.JobUpdated) => state,
                ("Queued", EventType.JobHeld) => "Hold",
                ("Hold", EventType.JobReleased) => "Queued",
                ("Queued", EventType.JobStarted) => "Running",
                ("Running", EventType.JobCompleted) => "Finished",
                ("Queued" or "Running", EventType.JobFailed) => "Failed",
                ("Queued" or "Hold" or "Running", EventType.JobCancelled) => "Cancelled",
                ("Running", EventType.JobTimeout) => "Timeout",
                _ => $"{state}, then {type}",
            };
        }

        return state;
    }
}
