using System.Runtime.InteropServices;
using System.Text;
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
        return new CommandContext
        {
            OutBytes = bytes,
            Out = new StreamWriter(bytes, new UTF8Encoding(false), 16 * 1024) { AutoFlush = false, NewLine = "\n" },
            Error = new StreamWriter(new DescriptorStream(2) { MayBeLost = true }, new UTF8Encoding(false), 1024) { AutoFlush = true, NewLine = "\n" },
            OpenIn = Console.OpenStandardInput,
            InIsTerminal = !Console.IsInputRedirected,
            OutIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            TerminalWidth = () => Size(size => size.Columns),
            TerminalHeight = () => Size(size => size.Rows),
            Environment = environment,
            WorkingDirectory = WorkingDirectory.Find(),
            User = () => Environment.UserName,
            Settings = ProcessSettings.Read,
            LoadOptions = file => ClientOptions.Load(file, environment, GflowPaths.From(environment)),
        };
    }

    private static int? Size(Func<WindowSize, ushort> of) => Ioctl(1, GetWindowSize, out var size) == 0 && of(size) > 0 ? of(size) : null;

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
