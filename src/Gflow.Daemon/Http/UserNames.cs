using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Gflow.Daemon.Http;

/// <summary>Numbers and names of the machine's users.</summary>
internal static partial class UserNames
{
    private const int OutOfRange = 34;
    private const int LargestBuffer = 1 << 20;

    // A name service may be far away (LDAP); a name that changes while the daemon runs is not worth a question per request.
    private static readonly ConcurrentDictionary<uint, string> Known = new();

    /// <summary>The user this process acts as.</summary>
    public static uint CurrentUid { get; } = GetEffectiveUid();

    /// <returns>The login name; the number as text for a uid without an account.</returns>
    public static string Of(uint uid) => Known.GetOrAdd(uid, Look);

    private static unsafe string Look(uint uid)
    {
        for (var size = 4096; size <= LargestBuffer; size *= 4)
        {
            var buffer = new byte[size];
            Account account;
            Account* found;
            int error;
            fixed (byte* bytes = buffer)
            {
                error = GetAccount(uid, &account, bytes, (nuint)size, &found);
                if (error == 0 && found is not null)
                {
                    return Marshal.PtrToStringUTF8(found->Name) ?? Number(uid);
                }
            }

            if (error != OutOfRange)
            {
                break;
            }
        }

        return Number(uid);
    }

    private static string Number(uint uid) => uid.ToString(CultureInfo.InvariantCulture);

    // struct passwd of glibc and musl begins with the name; the rest only has to be long enough.
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    private struct Account
    {
        public nint Name;
    }

    [LibraryImport("libc", EntryPoint = "getpwuid_r")]
    private static unsafe partial int GetAccount(uint uid, Account* account, byte* buffer, nuint size, Account** found);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUid();
}
