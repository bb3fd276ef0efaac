using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Jobs;

/// <summary>How many recipients each user has named for his jobs within the last hour, each address of each job counted. Only the writer touches it.</summary>
internal sealed class RecipientLedger(Database database)
{
    private static readonly TimeSpan Span = TimeSpan.FromHours(1);

    private readonly Dictionary<string, Queue<(DateTimeOffset At, int Count)>> _named = [];

    public int Within(string user, DateTimeOffset now)
    {
        var named = Of(user, now);
        while (named.TryPeek(out var oldest) && oldest.At <= now - Span)
        {
            named.Dequeue();
        }

        return named.Sum(entry => entry.Count);
    }

    public void Add(string user, DateTimeOffset now, int count) => Of(user, now).Enqueue((now, count));

    /// <summary>While nobody counts; what is counted again afterwards comes from the stored jobs.</summary>
    public void Forget() => _named.Clear();

    /// <summary>A restart does not open the purse again: what the stored jobs of the hour name counts, of an array once.</summary>
    private Queue<(DateTimeOffset At, int Count)> Of(string user, DateTimeOffset now)
    {
        if (!_named.TryGetValue(user, out var named))
        {
            using var reader = database.OpenReader();
            var jobs = JobTable.List(reader, new JobFilter { Users = [user], CreatedAfter = now - Span });
            named = new(jobs.Where(job => job.Group is null || job.Id == job.Group.Number).Select(job => (job.SubmittedAt, job.Spec.Notifications?.Emails.Count ?? 0)).Where(entry => entry.Item2 > 0));
            _named.Add(user, named);
        }

        return named;
    }
}
