using System.Runtime.InteropServices;

namespace Gflow.Client.Platform;

/// <summary>A user of this machine, from its account database.</summary>
/// <param name="Name">The login name; <c>uid:N</c> for a user without an entry.</param>
public sealed unsafe partial record Account(uint Uid, string Name, string Home, string Shell)
{
    // What getpwuid_r(3) needs is nowhere told in advance: entries of directory servers can be large.
    private const int FirstRoom = 4096;
    private const int MostRoom = 16 * 1024 * 1024;

    private const int TooLittleRoom = 34;
    private const uint NoGroup = 65_534;

    // EINTR, EIO, EAGAIN, ENOMEM, ENFILE, EMFILE and ERANGE; other errors are ways to say that there is no such user (getpwuid_r(3)).
    private static readonly int[] Unanswered = [4, 5, 11, 12, 23, 24, TooLittleRoom];

    private delegate int Search(PasswdEntry* entry, byte* texts, nuint size, PasswdEntry** found);

    /// <summary>The user this process runs as.</summary>
    public static Account Own { get; } = Of(GetEffectiveUid());

    /// <summary>The primary group; that of nobody where the machine knows no such user.</summary>
    public uint Gid { get; init; } = NoGroup;

    /// <summary>The account of this name; null where the machine knows none.</summary>
    public static Account? Named(string name) => Ask((entry, texts, size, found) => GetPasswdByName(name, entry, texts, size, found)).Found;

    /// <summary>The account with this uid; one made up of the number where the machine knows none.</summary>
    public static Account Of(uint uid) => Asked(uid).Found ?? Unnamed(uid);

    /// <summary>The account with this uid; null where the machine knows none. It may take as long as the slowest name service of the machine.</summary>
    /// <exception cref="IOException">Nobody could say.</exception>
    public static Account? Find(uint uid) => Asked(uid) is var (found, error) && Unanswered.Contains(error)
        ? throw new IOException($"The machine's name service cannot say who uid {uid} is (error {error})")
        : found;

    /// <summary>An account made up of the number.</summary>
    public static Account Unnamed(uint uid) => new(uid, $"uid:{uid}", "/", "/bin/sh");

    private static (Account? Found, int Error) Asked(uint uid) => Ask((entry, texts, size, found) => GetPasswd(uid, entry, texts, size, found));

    /// <remarks>The entry points into the texts, so that they lie where nothing moves them until all was read.</remarks>
    private static (Account? Found, int Error) Ask(Search search)
    {
        for (nuint room = FirstRoom; ; room *= 2)
        {
            var texts = (byte*)NativeMemory.Alloc(room);
            try
            {
                PasswdEntry entry;
                PasswdEntry* found;
                var error = search(&entry, texts, room, &found);
                if (error != TooLittleRoom || room >= MostRoom)
                {
                    return (error == 0 && found != null ? Read(entry) : null, error);
                }
            }
            finally
            {
                NativeMemory.Free(texts);
            }
        }
    }

    private static Account Read(in PasswdEntry entry) => new(entry.Uid, Text(entry.Name), Text(entry.Home), Text(entry.Shell)) { Gid = entry.Gid };

    private static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUid();

    [LibraryImport("libc", EntryPoint = "getpwuid_r")]
    private static partial int GetPasswd(uint uid, PasswdEntry* entry, byte* texts, nuint size, PasswdEntry** found);

    [LibraryImport("libc", EntryPoint = "getpwnam_r", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetPasswdByName(string name, PasswdEntry* entry, byte* texts, nuint size, PasswdEntry** found);

    /// <summary><c>struct passwd</c> of glibc (getpwuid(3)).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PasswdEntry
    {
        public byte* Name, Password;
        public uint Uid, Gid;
        public byte* Gecos, Home, Shell;
    }
}
