using System.Globalization;

namespace Gflow.Client.Platform;

/// <summary>
/// Numbers that stand for nobody, whatever the account database says of them. In the place of a user or group that a user namespace does
/// not know, the kernel shows its overflow number (user_namespaces(7)): whoever is seen with it may be anybody.
/// </summary>
public static class Nobody
{
    /// <summary>The kernel's own choice, and the name <c>nobody</c> of most machines.</summary>
    private const uint Overflow = 65_534;

    /// <summary>"None" to system calls that had 16 bits for it (chown(2)).</summary>
    private const uint OldNone = 65_535;

    private const uint None = uint.MaxValue;

    private static readonly uint? OverflowUser = Read("/proc/sys/kernel/overflowuid");
    private static readonly uint? OverflowGroup = Read("/proc/sys/kernel/overflowgid");

    public static bool IsUser(uint uid) => Is(uid, OverflowUser);

    public static bool IsGroup(uint gid) => Is(gid, OverflowGroup);

    /// <param name="overflow">The kernel's overflow number on this machine; null when it does not say.</param>
    public static bool Is(uint number, uint? overflow) => number is Overflow or OldNone or None || number == overflow;

    private static uint? Read(string file)
    {
        try
        {
            return uint.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
