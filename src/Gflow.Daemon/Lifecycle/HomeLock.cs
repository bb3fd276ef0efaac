using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gflow.Daemon.Platform;
using Microsoft.Win32.SafeHandles;

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
    private const int ReadOnly = 0;
    private const int ReadWriteCreate = 0x42;
    private const int CloseOnExec = 0x80000;
    private const uint FileMode = 0x180;
    private const int Shared = 1;
    private const int Exclusive = 2;
    private const int DoNotWait = 4;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly FileStream _file;

    private HomeLock(FileStream file) => _file = file;

    /// <summary>Makes the data directory where there is none, and takes it.</summary>
    /// <exception cref="StartRefusedException">Another daemon has it, or it cannot be written.</exception>
    public static async Task<HomeLock> TakeAsync(string dataDirectory, string socket, CancellationToken ct)
    {
        FileStream file;
        try
        {
            Directory.CreateDirectory(dataDirectory, OwnerOnly);
            file = Open(dataDirectory, ReadWriteCreate, FileAccess.ReadWrite);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"The data directory {dataDirectory} cannot be used: {error.Message}");
        }

        if (!await IsTakenAsync(file, dataDirectory, ct))
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
    public static HomeHolder? Find(string dataDirectory) =>
        ReadHolder(dataDirectory) is { Process.IsAlive: true } holder && (ProcessIdentity.Of(holder.Pid) is not { IsHidden: true } || IsHeld(dataDirectory)) ? holder : null;

    public void Dispose()
    {
        _file.SetLength(0);
        _file.Dispose();
    }

    /// <summary>Opens the file as the kernel does: .NET's own open takes a lock too, and fails while this one is held.</summary>
    private static FileStream Open(string dataDirectory, int flags, FileAccess access)
    {
        var path = Path.Combine(dataDirectory, "gflowd.lock");
        var handle = OpenFile(path, flags | CloseOnExec, FileMode);
        if (handle.IsInvalid)
        {
            throw new IOException($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        return new FileStream(handle, access, bufferSize: 0);
    }

    /// <summary>
    /// A child that a daemon was just starting when it ended has the lock with it until it becomes another program, so a lock that
    /// nobody alive says to hold is given a moment.
    /// </summary>
    private static async Task<bool> IsTakenAsync(FileStream file, string dataDirectory, CancellationToken ct)
    {
        var begun = Stopwatch.GetTimestamp();
        while (Lock(file.SafeFileHandle, Exclusive | DoNotWait) != 0)
        {
            if (Stopwatch.GetElapsedTime(begun) > Moment || ReadHolder(dataDirectory) is { Process.IsAlive: true })
            {
                return false;
            }

            await Task.Delay(Pause, ct);
        }

        return true;
    }

    /// <summary>Whether somebody has the lock; asked only where a number may have been given to another process since, as asking takes it for a moment.</summary>
    private static bool IsHeld(string dataDirectory)
    {
        using var file = Open(dataDirectory, ReadOnly, FileAccess.Read);
        return Lock(file.SafeFileHandle, Shared | DoNotWait) != 0;
    }

    private static HomeHolder? ReadHolder(string dataDirectory)
    {
        try
        {
            using var file = Open(dataDirectory, ReadOnly, FileAccess.Read);
            return JsonSerializer.Deserialize(file, LockJson.Default.HomeHolder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            // None yet, none any more, or one that is just being written.
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial SafeFileHandle OpenFile(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(SafeHandle file, int operation);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(HomeHolder))]
internal sealed partial class LockJson : JsonSerializerContext;
