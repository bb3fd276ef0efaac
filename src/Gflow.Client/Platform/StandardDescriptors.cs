using System.Runtime.InteropServices;

namespace Gflow.Client.Platform;

/// <summary>Standard input, output and error of this process.</summary>
public static partial class StandardDescriptors
{
    public const int Output = 1;
    public const int Error = 2;

    private const int Count = 3;
    private const int GetFlags = 1;
    private const int ReadWrite = 2;

    /// <summary>Gives those that the caller has closed to <c>/dev/null</c>; called before anything else is opened.</summary>
    /// <remarks>Otherwise a socket or the database would get the free number, and what is meant for people would be written into it.</remarks>
    public static void Fill()
    {
        for (var descriptor = 0; descriptor < Count; descriptor++)
        {
            if (Control(descriptor, GetFlags) < 0)
            {
                // The lowest free number, which is this one.
                _ = Open("/dev/null", ReadWrite);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Control(int descriptor, int command);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
