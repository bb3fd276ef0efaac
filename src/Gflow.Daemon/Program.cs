using Gflow.Client.Configuration;
using Gflow.Daemon.Lifecycle;
using Gflow.Daemon.Lifecycle.Rendering;

return await new GflowdCommand(ProcessEnvironment.Read(), Terminal.OfProcess, TimeProvider.System).RunAsync(args, CancellationToken.None);
