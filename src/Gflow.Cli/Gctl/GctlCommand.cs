namespace Gflow.Cli.Gctl;

/// <summary><c>gctl</c>: run-time control.</summary>
internal static class GctlCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "gctl",
        Summary = "Change what the scheduler may use",
        Notes =
        [
            "This version has no subcommands yet: set-gpus, show-gpus, gpu-process, set-limit, reserve and quota are planned. Which GPUs the daemon uses is set by [daemon] gpus in its configuration; ginfo shows them.",
        ],
        Words = new("SUBCOMMAND...", 0, int.MaxValue, "None in this version"),
        Examples = [new("ginfo", "See the GPUs; there is nothing to change with gctl yet")],
        Run = (invocation, _) => throw Invocation.No(
            invocation.Words is [var first, ..]
                ? $"{first} is not available in this version; see gctl --help"
                : "no subcommand is available in this version; see gctl --help",
            "not_available"),
    };
}
