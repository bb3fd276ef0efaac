namespace Gflow.Daemon.Platform;

/// <summary>This start of the machine.</summary>
internal static class MachineBoot
{
    /// <summary>The kernel's id of it (<c>random(4)</c>); containers have that of their machine.</summary>
    public static string Id { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
}
