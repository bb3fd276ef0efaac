using Gflow.Cli;
using Gflow.Cli.Rendering;

var run = CommandTable.RunAsync(Environment.GetCommandLineArgs()[0], args, ProcessTerminal.Open());

// Waiting for a task spins before it sleeps, and takes the processor from the thread that works on the answer.
((IAsyncResult)run).AsyncWaitHandle.WaitOne();
return run.GetAwaiter().GetResult();
