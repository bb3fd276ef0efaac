using Gflow.Cli;
using Gflow.Cli.Rendering;

return await CommandTable.RunAsync(Environment.GetCommandLineArgs()[0], args, ProcessTerminal.Open()).ConfigureAwait(false);
