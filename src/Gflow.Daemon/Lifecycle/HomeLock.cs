using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gflow.Daemon.Lifecycle;

/// <summary>What the lock's file says about the daemon that holds it.</summary>
/// <param name="Socket">Path of its Unix socket.</param>
internal sealed record HomeHolder(int Pid, long StartTime, string Socket)
{
    [JsonIgnore]
    public ProcessIdentity Process => new(Pid, StartTime);
}

/// <summary>
/// Makes one daemon at a time the master of a data directory. The kernel drops the lock with its holder, however he ends; the file
/// itself stays, because a lock on a deleted file would exclude nobody.
/// </summary>
internal sealed partial class HomeLock : IDisposable
{
    private const int Exclusive = 2;
    private const int DoNotWait = 4;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly FileStream _file;

    private HomeLock(FileStream file) => _file = file;

    /// <summary>Makes the data directory where there is none, and takes it.</summary>
    /// <exception cref="StartRefusedException">Another daemon has it, or it cannot be written.</exception>
    public static HomeLock Take(string dataDirectory, string socket)
    {
        FileStream file;
        try
        {
            Directory.CreateDirectory(dataDirectory, OwnerOnly | UnixFileMode.UserExecute);
            // Sharing everything keeps .NET from taking a lock of its own on it.
            file = new FileStream(PathIn(dataDirectory), new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite | FileShare.Delete,
                UnixCreateMode = OwnerOnly,
                BufferSize = 0,
            });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"The data directory {dataDirectory} cannot be used: {error.Message}");
        }

        if (Lock(file.SafeFileHandle, Exclusive | DoNotWait) != 0)
        {
            file.Dispose();
            var holder = ReadHolder(dataDirectory);
            throw new StartRefusedException(holder is null
                ? $"Another gflowd already uses {dataDirectory}; stop it with: gflowd stop"
                : $"Another gflowd (pid {holder.Pid}) already uses {dataDirectory}; see it with gflowd status, stop it with gflowd stop");
        }

        var self = ProcessIdentity.Current;
        file.SetLength(0);
        file.Write(JsonSerializer.SerializeToUtf8Bytes(new HomeHolder(self.Pid, self.StartTime, socket), LockJson.Default.HomeHolder));
        return new(file);
    }

    /// <returns>The daemon that lives in a data directory; null when there is none.</returns>
    public static HomeHolder? Find(string dataDirectory) => ReadHolder(dataDirectory) is { Process.IsAlive: true } holder ? holder : null;

    public void Dispose()
    {
        _file.SetLength(0);
        _file.Dispose();
    }

    private static string PathIn(string dataDirectory) => Path.Combine(dataDirectory, "gflowd.lock");

    private static HomeHolder? ReadHolder(string dataDirectory)
    {
        try
        {
            using var file = new FileStream(PathIn(dataDirectory), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return JsonSerializer.Deserialize(file, LockJson.Default.HomeHolder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            // None yet, none any more, or one that is just being written.
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(SafeHandle file, int operation);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(HomeHolder))]
internal sealed partial class LockJson : JsonSerializerContext;
