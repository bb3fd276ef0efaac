using Gflow.Core;

namespace Gflow.Cli.Gstats;

/// <summary><c>gstats</c>: usage statistics.</summary>
internal static class GstatsCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "gstats",
        Summary = "Show usage statistics",
        Notes = ["This version has no statistics yet; they are planned. gqueue --all --json has every job with its times, states and GPUs."],
        Words = new("WORDS...", 0, int.MaxValue, "None in this version"),
        Examples = [new("gqueue --all --json", "Every job with its times, for statistics of your own")],
        Run = (_, _) => throw Invocation.No("statistics are not available in this version; see gstats --help", ProblemCode.NotAvailable),
    };
}
