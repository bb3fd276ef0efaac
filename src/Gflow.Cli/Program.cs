using Gflow.Cli;
using Gflow.Cli.Rendering;
using Gflow.Client.Platform;

StandardDescriptors.Fill();
var terminal = ProcessTerminal.Open();
var run = CommandTable.RunAsync(Environment.GetCommandLineArgs()[0], CommandLineText.Read(args), terminal);

// Waiting for a task spins before it sleeps, and takes the processor from the thread that works on the answer.
((IAsyncResult)run).AsyncWaitHandle.WaitOne();
return run.GetAwaiter().GetResult();
