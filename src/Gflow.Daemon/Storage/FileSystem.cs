using System.Runtime.InteropServices;

namespace Gflow.Daemon.Storage;

/// <summary>The file system that a directory lies on, as <c>statfs(2)</c> tells of it.</summary>
/// <param name="Type">Its number in <c>linux/magic.h</c>.</param>
/// <param name="FreeBytes">What this user may still write.</param>
internal sealed partial record FileSystem(uint Type, long FreeBytes)
{
    /// <param name="directory">Exists.</param>
    /// <exception cref="IOException">The system does not tell.</exception>
    public static FileSystem Of(string directory)
    {
        var facts = default(Facts);
        return Statfs(directory, ref facts) == 0
            ? new((uint)facts.Type, facts.AvailableBlocks > long.MaxValue / facts.BlockBytes ? long.MaxValue : facts.AvailableBlocks * facts.BlockBytes)
            : throw new IOException($"{directory}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "statfs", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Statfs(string path, ref Facts facts);

    /// <summary>struct statfs of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Facts
    {
        public long Type;
        public long BlockBytes;
        public long Blocks;
        public long FreeBlocks;
        public long AvailableBlocks;
        public long Files;
        public long FreeFiles;
        public long Id;
        public long LongestName;
        public long FragmentBytes;
        public long Flags;
        public long Spare1;
        public long Spare2;
        public long Spare3;
        public long Spare4;
    }
}
