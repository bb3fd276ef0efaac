using System.Text;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Fuzz;

/// <summary>Something that takes what others wrote, and must not break whatever that is.</summary>
/// <param name="Name">Also that of its folder in <c>corpus</c>.</param>
/// <param name="Check">Hands an input in and throws when what came of it is not right.</param>
internal sealed record FuzzTarget(string Name, Func<byte[], Task> Check)
{
    /// <summary>For how long a usual run makes inputs of its own: parsers of the same kind share five.</summary>
    public required double Seconds { get; init; }

    /// <summary>Words of the target's language, which bytes changed at random would hardly ever spell.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>The folder of the committed inputs; each run begins with them.</summary>
    public string Folder => Path.Combine(GoldenFile.Root(), "tests", "Gflow.Tests", "Fuzz", "corpus", Name);

    /// <summary>A target that takes bytes.</summary>
    public static FuzzTarget OfBytes(string name, double seconds, Action<byte[]> check) => new(name, input =>
    {
        check(input);
        return Task.CompletedTask;
    })
    { Seconds = seconds };

    /// <summary>A target that takes text; what is not UTF-8 has become U+FFFD before.</summary>
    public static FuzzTarget OfText(string name, double seconds, Action<string> check) => OfBytes(name, seconds, input => check(Encoding.UTF8.GetString(input)));

    public override string ToString() => Name;
}
