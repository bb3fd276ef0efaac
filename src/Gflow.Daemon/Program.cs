using Gflow.Client;
using Gflow.Client.Configuration;
using Gflow.Daemon.Lifecycle;
using Gflow.Daemon.Lifecycle.Rendering;

StandardDescriptors.Fill();
ProcessLimits.LeaveJob();
var terminal = Terminal.OfProcess();
if (CommandLineText.Fault(CommandLineText.Read(args)) is { } fault)
{
    terminal.Error.WriteLine($"gflowd: {fault.Message}");
    return VerbContext.WrongUsage;
}

return terminal.Closed(await new GflowdCommand(ProcessEnvironment.Read(), terminal, TimeProvider.System).RunAsync(args, CancellationToken.None));
