using Gflow.Client.Platform;
using Gflow.Daemon.Lifecycle;
using Gflow.Daemon.Lifecycle.Rendering;
using Gflow.Daemon.Platform;

StandardDescriptors.Fill();
ProcessLimits.LeaveJob();
var terminal = Terminal.OfProcess();
if (CommandLineText.Fault(CommandLineText.Read(args)) is { } fault)
{
    terminal.Error.WriteLine($"gflowd: {fault.Message}");
    return VerbExitCodes.WrongUsage;
}

return terminal.Closed(await new GflowdCommand(ProcessEnvironment.Read(), terminal, TimeProvider.System).RunAsync(args, CancellationToken.None));
