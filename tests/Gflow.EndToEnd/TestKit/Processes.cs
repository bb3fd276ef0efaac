using System.Runtime.InteropServices;
using System.Text;

namespace Gflow.EndToEnd.TestKit;

/// <summary>What runs on this machine, and ways to end it.</summary>
internal static partial class Processes
{
    public const int Hangup = 1;
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>Sends a signal.</summary>
    public static void Signal(int pid, int signal) => Assert.True(SendSignal(pid, signal) == 0, $"process {pid} could not be sent signal {signal}");

    /// <summary>Whether a process runs; a zombie does not.</summary>
    public static bool Runs(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Everything that runs and names a path in its command line or environment.</summary>
    public static List<int> Mentioning(string path) =>
        [.. All().Where(pid => Runs(pid) && (Read(pid, "cmdline").Contains(path, StringComparison.Ordinal) || Read(pid, "environ").Contains(path, StringComparison.Ordinal)))];

    /// <summary>The command line of a process, blanks between its words.</summary>
    public static string CommandLine(int pid) => Read(pid, "cmdline").Replace('\0', ' ');

    /// <summary>Resident memory in bytes.</summary>
    public static long ResidentBytes(int pid) =>
        long.Parse(File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;

    /// <summary>Kills all that has to do with a path, and waits until it is gone.</summary>
    public static async Task EndAllAsync(string path)
    {
        // One look at all processes can miss one that is just being born; two in a row hardly.
        for (var clean = 0; clean < 2;)
        {
            var rest = Mentioning(path);
            rest.ForEach(static pid => _ = SendSignal(pid, Kill));
            clean = rest.Count == 0 ? clean + 1 : 0;
            await Task.Delay(5, CancellationToken.None);
        }
    }

    private static IEnumerable<int> All() =>
        Directory.EnumerateDirectories("/proc")
            .Select(directory => int.TryParse(Path.GetFileName(directory), out var pid) ? pid : 0)
            .Where(pid => pid > 0 && pid != Environment.ProcessId);

    private static string Read(int pid, string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/{file}"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It ended in the meantime.
            return "";
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int pid, int signal);
}
