namespace Gflow.EndToEnd.History;

/// <summary>What was answered is so; what was not answered was done once or not at all.</summary>
internal static class CallChecker
{
    public static IEnumerable<string> Faults(Chronicle history)
    {
        var made = history.Jobs.ToLookup(job => job.Operation, job => job.Job);
        var known = new HashSet<int>();
        foreach (var operation in history.Calls.GroupBy(call => call.Operation))
        {
            known.Add(operation.Key);
            var tries = operation.ToList();
            var first = tries.Find(call => call.Done);
            if (tries.Exists(call => call.Done && call.Answer != first.Answer && IsChange(call.Request)))
            {
                yield return $"operation {operation.Key} was answered in two ways";
            }

            if (tries[0].Request is Request.Submit or Request.Redo && Wrong(tries, first, [.. made[operation.Key].Order()]) is { } wrong)
            {
                yield return $"operation {operation.Key} {wrong}";
            }

            if (tries[0].Request == Request.Show && tries.Exists(call => call.Status == 404))
            {
                yield return $"job {tries[0].Job} was not there for operation {operation.Key}, although its number had been told";
            }
        }

        foreach (var job in history.Jobs.Where(job => !known.Contains(job.Operation)))
        {
            yield return $"nobody asked for job {job.Job}";
        }
    }

    /// <summary>How often each thing was certainly done to each job, and how often perhaps.</summary>
    public static Dictionary<(uint Job, Request Request), (int Certainly, int Perhaps)> Counts(Chronicle history)
    {
        var counts = new Dictionary<(uint, Request), (int Certainly, int Perhaps)>();
        foreach (var operation in history.Calls.Where(call => call.Job > 0 && IsChange(call.Request)).GroupBy(call => call.Operation))
        {
            var tries = operation.ToList();
            var key = (tries[0].Job, tries[0].Request);
            var (certainly, perhaps) = counts.GetValueOrDefault(key);
            counts[key] = tries.Exists(call => call.Done) ? (certainly + 1, perhaps)
                : tries[^1].Broken ? (certainly, perhaps + 1)
                : (certainly, perhaps);
        }

        return counts;
    }

    private static bool IsChange(Request request) => request is not (Request.Show or Request.List);

    private static string? Wrong(List<Call> tries, Call done, List<uint> made)
    {
        if (done.Done)
        {
            return made.SequenceEqual(done.Ids.Order()) ? null : $"was answered with jobs {Text(done.Ids)}, and made {Text(made)}";
        }

        // A refusal of a repeat says that the tries before it had no effect either.
        if (!tries[^1].Broken)
        {
            return made.Count == 0 ? null : $"was refused, and made {Text(made)}";
        }

        return made.Count == 0 || made.Count == tries[0].Jobs ? null : $"was not answered, and made {Text(made)} where it asked for {tries[0].Jobs}";
    }

    private static string Text(IEnumerable<uint> jobs) => $"[{string.Join(", ", jobs)}]";
}
