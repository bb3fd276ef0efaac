using System.Runtime.InteropServices;
using System.Text;
using Gflow.Client.CommandLine;
using Gflow.Client.Configuration;
using Gflow.Client.Platform;
using Gflow.Client.Submitting;

namespace Gflow.Cli.Rendering;

/// <summary>The terminal, pipes and surroundings of this process.</summary>
internal static partial class ProcessTerminal
{
    private const nuint GetWindowSize = 0x5413;

    internal static CommandContext Open()
    {
        var environment = ProcessEnvironment.Read();
        var bytes = new DescriptorStream(1);
        var error = new StreamWriter(new DescriptorStream(2) { MayBeLost = true }, new UTF8Encoding(false), 1024) { AutoFlush = true, NewLine = "\n" };
        return new CommandContext
        {
            OutBytes = bytes,
            Out = new StreamWriter(bytes, new UTF8Encoding(false), 16 * 1024) { AutoFlush = false, NewLine = "\n" },
            Error = Console.IsErrorRedirected ? error : new ProseWriter(error, () => PageWidth.Of(environment, () => Size(2, size => size.Columns))) { NewLine = "\n" },
            OpenIn = Console.OpenStandardInput,
            InIsTerminal = !Console.IsInputRedirected,
            OutIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            TerminalWidth = () => Size(1, size => size.Columns),
            TerminalHeight = () => Size(1, size => size.Rows),
            Environment = environment,
            WorkingDirectory = WorkingDirectory.Find(),
            User = () => Environment.UserName,
            Settings = ProcessSettings.Read,
            LoadOptions = file => ClientOptions.Load(file, environment, GflowPaths.From(environment)),
        };
    }

    private static int? Size(int descriptor, Func<WindowSize, ushort> of) => Ioctl(descriptor, GetWindowSize, out var size) == 0 && of(size) > 0 ? of(size) : null;

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Ioctl(int descriptor, nuint request, out WindowSize size);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct WindowSize
    {
        public readonly ushort Rows;
        public readonly ushort Columns;
        public readonly ushort PixelWidth;
        public readonly ushort PixelHeight;
    }
}
