using Gflow.Client.Configuration;
using Gflow.Core.Gpus;
using Gflow.Core.Text;
using Gflow.Daemon.Configuration.Reading;

namespace Gflow.Daemon.Configuration;

/// <summary>The cards that <c>simulated_gpus</c> asks for.</summary>
internal static class SimulatedGpuCards
{
    private const string Key = "simulated_gpus";
    private const string Memory = "memory";
    private const string DefaultModel = "Simulated GPU";

    /// <summary>So many cards of no particular kind.</summary>
    public static IReadOnlyList<GpuCard> Of(int count) => Numbered(Enumerable.Repeat((DefaultModel, 0L), count));

    /// <summary>Reads a number, or a list of cards.</summary>
    public static IReadOnlyList<GpuCard> Read(ConfigSection daemon)
    {
        if (daemon.Number(Key) is { } count)
        {
            return Of((int)count);
        }

        if (daemon.Whole(Key) is not ConfigValue.List list)
        {
            return [];
        }

        List<(string Model, long MemoryMb)> cards = [];
        foreach (var card in daemon.List(Key))
        {
            var memory = card.Text(Memory) is { } written ? MemoryMb(card, written) : 0;
            cards.AddRange(Enumerable.Repeat((card.Text("model")?.Value ?? DefaultModel, memory), (int)(card.Number("count") ?? 1)));
        }

        if (cards.Count > ConfigSchema.MostSimulatedGpus)
        {
            daemon.Wrong(Key, list, $"these are {cards.Count} GPUs");
        }

        return Numbered(cards);
    }

    private static long MemoryMb(ConfigSection card, ConfigValue.Text written)
    {
        var memory = MemoryText.ParseMegabytes(written.Value);
        if (!memory.Ok)
        {
            card.Wrong(Memory, written, "this is not an amount of memory");
        }

        return memory.Ok ? memory.Value : 0;
    }

    private static IReadOnlyList<GpuCard> Numbered(IEnumerable<(string Model, long MemoryMb)> cards) =>
        [.. cards.Select((card, number) => new GpuCard($"GPU-simulated-{number}", card.Model, card.MemoryMb))];
}
