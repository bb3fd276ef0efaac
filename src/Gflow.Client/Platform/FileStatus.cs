using System.Runtime.InteropServices;

namespace Gflow.Client.Platform;

/// <summary>A file of this machine.</summary>
/// <param name="Device">Major and minor number, each of 32 bits.</param>
public readonly record struct FileIdentity(ulong Device, ulong Inode);

/// <summary>What statx(2) says of a file.</summary>
/// <param name="Links">How many names it has.</param>
/// <param name="Mode">Kind and permissions.</param>
public readonly partial record struct FileStatus(uint Links, uint Owner, uint Group, uint Mode)
{
    private const int OfHandle = 0x1000;
    private const int NoFollow = 0x100;
    private const int Here = -100;
    private const uint Basic = 0x7ff;
    private const uint Kind = 0xf000;

    /// <summary>Which file it is, whatever it is called.</summary>
    public FileIdentity Identity { get; init; }

    public bool IsRegular => (Mode & Kind) == 0x8000;

    public bool IsDirectory => (Mode & Kind) == 0x4000;

    public bool IsSocket => (Mode & Kind) == 0xc000;

    /// <returns>Null when it could not be asked; the marshaller has the error.</returns>
    public static unsafe FileStatus? Of(SafeHandle file)
    {
        var buffer = stackalloc byte[256];
        return Look(file, "", OfHandle, Basic, buffer) == 0 ? Read(buffer) : null;
    }

    /// <returns>Null when there is no such file.</returns>
    public static unsafe FileStatus? Of(string path, bool follow)
    {
        var buffer = stackalloc byte[256];
        return Look(Here, path, follow ? 0 : NoFollow, Basic, buffer) == 0 ? Read(buffer) : null;
    }

    /// <summary>struct statx is the same on every architecture.</summary>
    private static unsafe FileStatus Read(byte* buffer) =>
        new(*(uint*)(buffer + 16), *(uint*)(buffer + 20), *(uint*)(buffer + 24), *(ushort*)(buffer + 28))
        {
            Identity = new(((ulong)*(uint*)(buffer + 136) << 32) | *(uint*)(buffer + 140), *(ulong*)(buffer + 32)),
        };

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static unsafe partial int Look(SafeHandle directory, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static unsafe partial int Look(int directory, string path, int flags, uint mask, byte* buffer);
}
