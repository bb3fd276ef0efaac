using System.Text;
using Gflow.Client.CommandLine;
using Gflow.Client.Configuration;
using Gflow.Client.Platform;
using Gflow.Client.Submitting;

namespace Gflow.Cli.Rendering;

/// <summary>The terminal, pipes and surroundings of this process.</summary>
internal static class ProcessTerminal
{
    internal static CommandContext Open()
    {
        var environment = ProcessEnvironment.Read();
        var bytes = new DescriptorStream(StandardDescriptors.Output);
        var error = new StreamWriter(new DescriptorStream(StandardDescriptors.Error) { MayBeLost = true }, new UTF8Encoding(false), 1024) { AutoFlush = true, NewLine = "\n" };
        return new CommandContext
        {
            OutBytes = bytes,
            Out = new StreamWriter(bytes, new UTF8Encoding(false), 16 * 1024) { AutoFlush = false, NewLine = "\n" },
            Error = Console.IsErrorRedirected ? error : new ProseWriter(error, () => PageWidth.Of(environment, () => TerminalSize.Columns(StandardDescriptors.Error))) { NewLine = "\n" },
            OpenIn = Console.OpenStandardInput,
            InIsTerminal = !Console.IsInputRedirected,
            OutIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            TerminalWidth = () => TerminalSize.Columns(StandardDescriptors.Output),
            TerminalHeight = () => TerminalSize.Rows(StandardDescriptors.Output),
            Environment = environment,
            WorkingDirectory = WorkingDirectory.Find(),
            User = () => Environment.UserName,
            Settings = ProcessSettings.Read,
            LoadOptions = file => ClientOptions.Load(file, environment, GflowPaths.From(environment)),
        };
    }
}
