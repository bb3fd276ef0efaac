using Gflow.Core.Events;

namespace Gflow.EndToEnd.History;

/// <summary>Every target takes every event of every job, in order; what comes again has the same id and the same bytes.</summary>
internal static class DeliveryChecker
{
    public static IEnumerable<string> Faults(Chronicle history)
    {
        var names = new Dictionary<long, long>();
        var ids = new Dictionary<long, long>();
        foreach (var message in All(history).SelectMany(target => target.Value).Where(message => message.Seq > 0))
        {
            if (!names.TryAdd(message.Seq, message.Id) && names[message.Seq] != message.Id)
            {
                yield return $"event {message.Seq} was told under two ids";
            }

            if (!ids.TryAdd(message.Id, message.Seq) && ids[message.Id] != message.Seq)
            {
                yield return $"events {ids[message.Id]} and {message.Seq} were told under one id";
            }
        }

        var jobs = history.Stream.Where(told => told.Job > 0).ToDictionary(told => told.Seq, told => told.Job);
        foreach (var (target, messages) in All(history))
        {
            var taken = new HashSet<long>();
            foreach (var fault in Read(target, messages, ids, jobs, taken))
            {
                yield return fault;
            }

            if (history.Targets.ContainsKey(target))
            {
                foreach (var told in history.Stream.Where(told => told.Job > 0 && Wants(target, told.Event) && !taken.Contains(told.Seq)))
                {
                    yield return $"{target} was never told event {told.Seq} of job {told.Job}";
                }
            }
        }

        bool Wants(string target, EventType type) => !history.Wanted.TryGetValue(target, out var wanted) || wanted.Contains(type);
    }

    private static IEnumerable<KeyValuePair<string, List<Delivery>>> All(Chronicle history) => history.Targets.Concat(history.Sometimes);

    private static IEnumerable<string> Read(string target, List<Delivery> messages, Dictionary<long, long> ids, Dictionary<long, uint> jobs, HashSet<long> taken)
    {
        var bytes = new Dictionary<long, long>();
        var newest = new Dictionary<uint, long>();
        foreach (var message in messages)
        {
            if (!bytes.TryAdd(message.Id, message.Bytes) && bytes[message.Id] != message.Bytes)
            {
                yield return $"{target} was told event {ids.GetValueOrDefault(message.Id)} again as other bytes";
            }

            if (!ids.TryGetValue(message.Id, out var seq))
            {
                yield return $"{target} was told something that nobody else knows";
            }
            else if (message.Taken && taken.Add(seq) && jobs.TryGetValue(seq, out var job))
            {
                if (seq < newest.GetValueOrDefault(job))
                {
                    yield return $"{target} was told event {seq} of job {job} after {newest[job]}";
                }

                newest[job] = seq;
            }
        }
    }
}
