using System.Runtime.InteropServices;

namespace Gflow.Client.Platform;

/// <summary>A group of this machine's users, from its account database.</summary>
public static unsafe partial class AccountGroup
{
    // A group of a directory server can have thousands of members, and all their names come with it (getgrnam_r(3)).
    private const int FirstRoom = 16 * 1024;
    private const int MostRoom = 64 * 1024 * 1024;

    private const int TooLittleRoom = 34;

    /// <summary>The number of the group of this name; null where the machine knows none.</summary>
    public static uint? Named(string name)
    {
        for (nuint room = FirstRoom; ; room *= 2)
        {
            var texts = (byte*)NativeMemory.Alloc(room);
            try
            {
                GroupEntry entry;
                GroupEntry* found;
                var error = GetGroupByName(name, &entry, texts, room, &found);
                if (error != TooLittleRoom || room >= MostRoom)
                {
                    return error == 0 && found != null ? entry.Gid : null;
                }
            }
            finally
            {
                NativeMemory.Free(texts);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "getgrnam_r", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetGroupByName(string name, GroupEntry* entry, byte* texts, nuint size, GroupEntry** found);

    /// <summary><c>struct group</c> of glibc (getgrnam(3)).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct GroupEntry
    {
        public byte* Name, Password;
        public uint Gid;
        public byte** Members;
    }
}
