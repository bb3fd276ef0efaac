using System.Runtime.InteropServices;

namespace Gflow.Daemon.Execution;

/// <summary>A user of this machine, from its account database.</summary>
/// <param name="Name">The login name; <c>uid:N</c> for a user without an entry.</param>
internal sealed partial record Account(uint Uid, string Name, string Home, string Shell)
{
    // The size getpwuid_r(3) needs is only a hint of sysconf; entries of directories can be large.
    private const int Room = 64 * 1024;

    private const uint NoGroup = 65_534;

    /// <summary>The user this process runs as.</summary>
    public static Account Own { get; } = Of(GetEffectiveUid());

    /// <summary>The primary group; that of nobody where the machine knows no such user.</summary>
    public uint Gid { get; init; } = NoGroup;

    /// <summary>The account of this name; null where the machine knows none.</summary>
    public static Account? Named(string name)
    {
        var buffer = new byte[Room];
        return GetPasswdByName(name, out var entry, buffer, (nuint)buffer.Length, out var found) == 0 && found != 0 ? Read(entry) : null;
    }

    /// <summary>The account with this uid; one made up of the number where the machine knows none.</summary>
    public static Account Of(uint uid)
    {
        var buffer = new byte[Room];
        return GetPasswd(uid, out var entry, buffer, (nuint)buffer.Length, out var found) == 0 && found != 0
            ? Read(entry)
            : new Account(uid, $"uid:{uid}", "/", "/bin/sh");
    }

    private static Account Read(in PasswdEntry entry) => new(entry.Uid, Text(entry.Name), Text(entry.Home), Text(entry.Shell)) { Gid = entry.Gid };

    private static string Text(nint pointer) => Marshal.PtrToStringUTF8(pointer) ?? "";

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUid();

    [LibraryImport("libc", EntryPoint = "getpwuid_r")]
    private static partial int GetPasswd(uint uid, out PasswdEntry entry, [Out] byte[] buffer, nuint size, out nint found);

    [LibraryImport("libc", EntryPoint = "getpwnam_r", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetPasswdByName(string name, out PasswdEntry entry, [Out] byte[] buffer, nuint size, out nint found);

    /// <summary><c>struct passwd</c> of glibc (getpwuid(3)).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PasswdEntry
    {
        public nint Name;
        public nint Password;
        public uint Uid;
        public uint Gid;
        public nint Gecos;
        public nint Home;
        public nint Shell;
    }
}
