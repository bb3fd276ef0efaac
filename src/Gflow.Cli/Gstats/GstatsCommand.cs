namespace Gflow.Cli.Gstats;

/// <summary><c>gstats</c>: usage statistics.</summary>
internal static class GstatsCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "gstats",
        Summary = "Show usage statistics",
        Notes = ["This version has no statistics yet: whatever it is given, the command refuses. gqueue --all --json has every job with its times, states and GPUs."],
        Examples = [new("gqueue --all --json", "Every job with its times, for statistics of your own")],
        Refusal = "statistics are not available in this version; gqueue --all --json has every job with its times",
    };
}
