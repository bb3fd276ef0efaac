using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Gflow.Daemon.Platform;

/// <summary>A file that only grows, up to a limit, and the one before it; never more than the limit for each.</summary>
internal sealed partial class LogFile : IDisposable
{
    public const long UsualLimit = 8 << 20;

    private const int WriteOnly = 1;
    private const int Create = 0x40;
    private const int Append = 0x400;
    private const int CloseOnExec = 0x80000;
    private const uint OwnerOnly = 0x180;

    private readonly string _path;
    private readonly long _limit;
    private FileStream _file;

    /// <param name="path">Absolute; its directory exists.</param>
    /// <param name="limit">Bytes after which it is turned: it becomes <c>PATH.1</c>, and a new one begins.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public LogFile(string path, long limit)
    {
        _path = path;
        _limit = limit;
        _file = Open();
    }

    /// <summary>Where the log before this one is.</summary>
    public static string Older(string path) => $"{path}.1";

    /// <summary>Adds text; never throws, as a daemon whose log is on a full disk has better things to do than to die of it.</summary>
    public void Write(string text)
    {
        try
        {
            if (_file.Length > _limit)
            {
                Turn();
            }

            _file.Write(Encoding.UTF8.GetBytes(text));
        }
        catch (IOException)
        {
            // Lost; the next line may fit again.
        }
    }

    public void Dispose() => _file.Dispose();

    private void Turn()
    {
        var holdsOurErrors = File.ResolveLinkTarget("/proc/self/fd/2", returnFinalTarget: false)?.FullName == _path;
        if (File.Exists(_path))
        {
            File.Move(_path, Older(_path), overwrite: true);
        }

        var old = _file;
        _file = Open();
        old.Dispose();
        if (holdsOurErrors)
        {
            // What the runtime itself has to say, such as why it died, goes to standard error, which was this file.
            var descriptor = (int)_file.SafeFileHandle.DangerousGetHandle();
            _ = Duplicate(descriptor, 1);
            _ = Duplicate(descriptor, 2);
        }
    }

    // .NET's own appending remembers where the end was, and would write over what others add meanwhile.
    private FileStream Open()
    {
        var file = OpenFile(_path, WriteOnly | Create | Append | CloseOnExec, OwnerOnly);
        return file.IsInvalid ? throw new IOException($"{_path}: {Marshal.GetLastPInvokeErrorMessage()}") : new FileStream(file, FileAccess.Write, bufferSize: 0);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial SafeFileHandle OpenFile(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Duplicate(int from, int to);
}
