using System.Runtime.InteropServices;
using Gflow.Core.Jobs;

namespace Gflow.Client.Submitting;

/// <summary>What a job takes along from the process that submits it, beside its environment.</summary>
/// <param name="Umask">Octal.</param>
/// <param name="Limits">Soft limits by the names of <see cref="ResourceLimits"/>; null for none.</param>
public sealed partial record ProcessSettings(string Umask, IReadOnlyDictionary<string, long?> Limits)
{
    private const string Descriptors = "nofile";
    private const int Self = 0;

    /// <summary>Those of this process.</summary>
    public static ProcessSettings Read()
    {
        var limits = new Dictionary<string, long?>();
        foreach (var (name, number) in ResourceLimits.Numbers)
        {
            if (GetLimit(Self, number, 0, out var limit) != 0)
            {
                continue;
            }

            // A runtime that compiles as it goes raises this one to the hard limit; whoever started the program still has what was set.
            if (name == Descriptors && limit.Soft == limit.Hard && GetLimit(Parent(), number, 0, out var set) == 0)
            {
                limit = set;
            }

            limits[name] = limit.Soft > long.MaxValue ? null : (long)limit.Soft;
        }

        // To ask the kernel for it is to change it; /proc tells without.
        var umask = File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith("Umask:", StringComparison.Ordinal));
        return new(umask is null ? "022" : umask["Umask:".Length..].Trim(), limits);
    }

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int Parent();

    [LibraryImport("libc", EntryPoint = "prlimit")]
    private static partial int GetLimit(int process, int resource, nint none, out Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Limit
    {
        public readonly ulong Soft;
        public readonly ulong Hard;
    }
}
