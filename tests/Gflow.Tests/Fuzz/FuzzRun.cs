using System.Globalization;

namespace Gflow.Tests.Fuzz;

/// <summary>
/// Hands a target its committed inputs and then made ones, for as long as it says, or <c>GFLOW_FUZZ_SECONDS</c> does.
/// <c>GFLOW_FUZZ_SEED</c> chooses which are made.
/// </summary>
internal static class FuzzRun
{
    private const int UsualSeed = 1;

    /// <summary>No input needs a noticeable part of this; one that takes all of it hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task OfAsync(FuzzTarget target)
    {
        var seconds = Setting("GFLOW_FUZZ_SECONDS");
        var seed = Setting("GFLOW_FUZZ_SEED") ?? (seconds is null ? UsualSeed : Random.Shared.Next());
        var files = Directory.GetFiles(target.Folder).Order(StringComparer.Ordinal).ToList();
        List<byte[]> corpus = [.. files.Select(File.ReadAllBytes)];
        for (var i = 0; i < corpus.Count; i++)
        {
            if (await FaultAsync(target, corpus[i]) is { } fault)
            {
                Assert.Fail($"{target} is broken by {files[i]}: {fault}");
            }
        }

        var mutator = new Mutator(corpus, target.Words);
        var begin = TimeProvider.System.GetTimestamp();
        for (var round = 0; TimeProvider.System.GetElapsedTime(begin).TotalSeconds < (seconds ?? target.Seconds); round++)
        {
            // Random numbers of its own make a round independent of the changes that those before it needed.
            var input = mutator.Make(new Random(unchecked((seed * 1_000_003) + round)));
            if (await FaultAsync(target, input) is { } fault)
            {
                var kept = Keep(target, input, string.Create(CultureInfo.InvariantCulture, $"seed-{seed}-round-{round}"));
                Assert.Fail($"{target} is broken by {kept}: {fault}{Environment.NewLine}To repeat it, copy that file into {target.Folder}: what is there comes first.");
            }
        }
    }

    /// <returns>Null when all was right.</returns>
    private static async Task<string?> FaultAsync(FuzzTarget target, byte[] input)
    {
        try
        {
            await Task.Run(() => target.Check(input)).WaitAsync(Patience, TestContext.Current.CancellationToken);
            return null;
        }
        catch (TimeoutException)
        {
            return $"nothing came of it within {Patience.TotalSeconds:0} s";
        }
        catch (Exception fault) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            return fault.ToString();
        }
    }

    private static string Keep(FuzzTarget target, byte[] input, string name)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "fuzz", target.Name);
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, name);
        File.WriteAllBytes(file, input);
        return file;
    }

    private static int? Setting(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
