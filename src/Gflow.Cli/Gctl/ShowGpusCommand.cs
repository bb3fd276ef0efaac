using Gflow.Cli.Rendering;
using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Cli.Gctl;

/// <summary><c>gctl show-gpus</c>: which GPUs jobs may be given, for programs that read lines.</summary>
internal static class ShowGpusCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "show-gpus",
        Summary = "Show which GPUs jobs may be given, a line for each",
        Notes = ["Each line has the index, available or in_use, restricted where it is, and the reason, joined by tabs. ginfo shows more."],
        Examples = [new("gctl show-gpus", "All GPUs"), new("gctl show-gpus | grep restricted", "Those that are kept from jobs")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var info = Invocation.Need(await invocation.Client.InfoAsync(cancel));
        return invocation.Answer(info, CommandJson.Default.InfoAnswer, text =>
        {
            foreach (var gpu in info.Gpus.OrderBy(gpu => gpu.Index))
            {
                string?[] fields = [JobText.Count(gpu.Index), IsTaken(gpu) ? "in_use" : "available", gpu.Restricted ? "restricted" : null, gpu.Reason];
                text.WriteLine(string.Join('\t', fields.OfType<string>().Select(SafeText.Line)));
            }
        });
    }

    /// <summary>One that is only kept from jobs is not in use.</summary>
    private static bool IsTaken(GpuView gpu) => !gpu.Available && !(gpu is { Restricted: true, Jobs: null or { Count: 0 } } && gpu.Reason?.StartsWith("not_allowed", StringComparison.Ordinal) == true);
}
