namespace Gflow.EndToEnd.History;

/// <summary>Says what is wrong with a history. Knows the promises, and nothing of how they are kept.</summary>
internal static class Checker
{
    /// <summary>Every broken promise, as a sentence each.</summary>
    public static IEnumerable<string> Faults(Chronicle history) =>
    [
        .. CallChecker.Faults(history),
        .. LifeChecker.Faults(history),
        .. Readers(history),
        .. DeliveryChecker.Faults(history),
    ];

    /// <summary>Every reader has every event once, in order, whenever and however often he had to come again.</summary>
    private static IEnumerable<string> Readers(Chronicle history)
    {
        for (var i = 1; i < history.Stream.Count; i++)
        {
            if (history.Stream[i].Seq <= history.Stream[i - 1].Seq)
            {
                yield return $"the stream has event {history.Stream[i].Seq} after {history.Stream[i - 1].Seq}";
            }
        }

        foreach (var (reader, told) in history.Readers)
        {
            var same = told.Zip(history.Stream).TakeWhile(pair => pair.First == pair.Second).Count();
            if (same < Math.Max(told.Count, history.Stream.Count))
            {
                yield return $"reader {reader} got {At(told, same)} where the stream has {At(history.Stream, same)}";
            }
        }
    }

    private static string At(List<Told> told, int index) => index < told.Count ? told[index].ToString() : "nothing";
}
