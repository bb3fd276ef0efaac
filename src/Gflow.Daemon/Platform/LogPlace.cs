using System.Globalization;

namespace Gflow.Daemon.Platform;

/// <summary>Where a daemon's log goes. Neither is set where it is a terminal or another program that reads standard error.</summary>
/// <param name="File">Absolute path of a file.</param>
/// <param name="Unit">The unit under whose name systemd's journal keeps it.</param>
internal sealed record LogPlace(string? File, string? Unit)
{
    private const string Unknown = "/dev/";

    /// <summary>Of this process, when it writes to standard error.</summary>
    /// <param name="environment">Has <c>JOURNAL_STREAM</c> where systemd made standard error a connection to its journal (systemd.exec(5)).</param>
    public static LogPlace OfStandardError(IReadOnlyDictionary<string, string> environment)
    {
        var target = System.IO.File.ResolveLinkTarget("/proc/self/fd/2", returnFinalTarget: false)?.FullName ?? "";
        return IsOfJournal(target, environment.GetValueOrDefault("JOURNAL_STREAM"))
            ? new(null, UnitOf(System.IO.File.ReadAllText("/proc/self/cgroup")))
            : new(target.StartsWith(Unknown, StringComparison.Ordinal) || !System.IO.File.Exists(target) ? null : target, null);
    }

    /// <summary>The innermost unit of a control group: the last part of its path that names a service.</summary>
    /// <param name="cgroup">As in /proc/PID/cgroup.</param>
    public static string? UnitOf(string cgroup) => cgroup.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line[(line.LastIndexOf(':') + 1)..].Split('/').LastOrDefault(part => part.EndsWith(".service", StringComparison.Ordinal)))
        .FirstOrDefault(unit => unit is not null);

    /// <param name="target">What the descriptor is, such as <c>/proc/self/fd/socket:[4711]</c>.</param>
    /// <param name="journal">Device and inode, with a colon between them.</param>
    private static bool IsOfJournal(string target, string? journal) =>
        journal?.Split(':') is [_, var inode] && long.TryParse(inode, NumberStyles.None, CultureInfo.InvariantCulture, out _) && target.EndsWith($"socket:[{inode}]", StringComparison.Ordinal);
}
