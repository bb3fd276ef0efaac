using System.Runtime.InteropServices;
using System.Text;

namespace Gflow.Daemon.Lifecycle;

/// <summary>A background daemon's log: one file and the one before it, so that it never takes more than twice the limit.</summary>
internal sealed partial class LogFile : IDisposable
{
    public const long UsualLimit = 8 << 20;

    private readonly string _path;
    private readonly long _limit;
    private FileStream _file;

    /// <param name="path">Absolute; its directory exists.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public LogFile(string path, long limit)
    {
        _path = path;
        _limit = limit;
        _file = Open();
    }

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
        File.Move(_path, _path + ".1", overwrite: true);
        var old = _file;
        _file = Open();
        old.Dispose();
        // What the runtime itself has to say, such as why it died, goes to standard error.
        var descriptor = (int)_file.SafeFileHandle.DangerousGetHandle();
        _ = Duplicate(descriptor, 1);
        _ = Duplicate(descriptor, 2);
    }

    private FileStream Open() => new(_path, new FileStreamOptions
    {
        Mode = FileMode.Append,
        Access = FileAccess.Write,
        Share = FileShare.ReadWrite | FileShare.Delete,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        BufferSize = 0,
    });

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Duplicate(int from, int to);
}
