using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Cli.Gctl;

/// <summary><c>gctl set-gpus</c>: which GPUs jobs may be given.</summary>
internal static class SetGpusCommand
{
    private const string All = "all";
    private const string Configured = "config";

    internal static CommandSpec Make() => new()
    {
        Name = "set-gpus",
        Summary = "Say which GPUs jobs may be given",
        Words = new("GPUS", 1, 1, "Indices and ranges (0,2-3), all, none, or config for what [daemon] gpus says"),
        Notes =
        [
            "It holds at once, for jobs that start from now on; what runs goes on. It is kept over restarts, and for the cards, whatever index they have then, until something else is said here or [daemon] gpus is changed in the configuration: the last word counts.",
        ],
        Examples =
        [
            new("gctl set-gpus 0,2-3", "Only these"),
            new("gctl set-gpus all", "Every GPU of the machine"),
            new("gctl set-gpus config", "What the configuration says"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var word = invocation.Words[0].Trim();
        var allowed = Invocation.Need(await invocation.Client.AllowGpusAsync(Allowance(word), cancel));
        return invocation.Answer(allowed, CommandJson.Default.AllowedGpus, text => text.WriteLine(allowed.AllowedGpuIndices is { } indices
            ? $"GPU restriction updated: only GPUs [{string.Join(", ", indices)}] will be used"
            : "GPU restriction removed: all GPUs are now available"));
    }

    private static GpuAllowance Allowance(string word) =>
        Is(word, All) ? new GpuAllowance()
        : Is(word, Configured) ? new GpuAllowance(FollowConfiguration: true)
        : Is(word, "none") ? new GpuAllowance([])
        : new GpuAllowance([.. Invocation.NeedUsage(IndexListText.Parse(word), "GPUS").Select(index => (long)index)]);

    private static bool Is(string word, string name) => word.Equals(name, StringComparison.OrdinalIgnoreCase);
}
