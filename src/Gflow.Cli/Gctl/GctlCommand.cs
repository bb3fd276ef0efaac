using Gflow.Cli.Gctl.Notify;

namespace Gflow.Cli.Gctl;

/// <summary><c>gctl</c>: run-time control.</summary>
internal static class GctlCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "gctl",
        Summary = "Change what the scheduler may use, steer notifications, and see who changed what",
        Notes =
        [
            "Still to come: quota.",
        ],
        Subcommands = [SetGpusCommand.Make(), ShowGpusCommand.Make(), SetLimitCommand.Make(), GpuProcessCommand.Make(), ReserveCommand.Make(), NotifyCommand.Make(), AuditCommand.Make()],
        NotAvailable =
        [
            new("limits are set in [quota] of the configuration", "quota"),
        ],
        Examples =
        [
            new("gctl set-gpus 0,2", "Let jobs have these GPUs alone"),
            new("gctl set-limit 17 4", "Let four jobs of an array run at once"),
            new("gctl reserve create --gpus 2 --start \"2031-05-02 09:00\" --duration 2h30m", "Reserve two GPUs"),
            new("gctl reserve list --active", "See who has reserved what now"),
            new("gctl notify status", "See how the targets of notifications are"),
            new("gctl audit --since today", "See who asked for which change"),
        ],
    };
}
