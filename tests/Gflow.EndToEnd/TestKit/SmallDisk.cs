namespace Gflow.EndToEnd.TestKit;

/// <summary>A small ext4 file system in a file, mounted at a directory until it is disposed of. Takes root.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private static readonly Dictionary<string, string> Environment = new() { ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin" };

    private readonly string _directory;

    private SmallDisk(string directory) => _directory = directory;

    private int _mounts = 1;

    private string Ballast => Path.Combine(_directory, "ballast");

    public static async Task<SmallDisk> MountAsync(string image, string directory, long bytes)
    {
        Assert.SkipUnless(System.Environment.IsPrivilegedProcess, "Mounting a small file system takes root.");
        Directory.CreateDirectory(directory);
        using (var file = File.Create(image))
        {
            file.SetLength(bytes);
        }

        await DoneAsync("mkfs.ext4", "-q", "-m", "0", image);
        await DoneAsync("mount", "-o", "loop", image, directory);
        return new(directory);
    }

    /// <summary>A small disk in memory that belongs to a user from its root on.</summary>
    public static async Task<SmallDisk> MountForAsync(string directory, string user)
    {
        Directory.CreateDirectory(directory);
        await DoneAsync("mount", "-t", "tmpfs", "-o", $"size=24m,mode=0711,uid={user},gid={user}", "tmpfs", directory);
        return new(directory);
    }

    /// <summary>Lets nobody open a file to write any more; what is open stays so.</summary>
    public async Task MakeReadOnlyAsync()
    {
        await DoneAsync("mount", "--bind", _directory, _directory);
        _mounts++;
        await DoneAsync("mount", "-o", "remount,bind,ro", _directory);
    }

    /// <summary>Takes all the room there is, until nothing more can be written.</summary>
    public void Fill()
    {
        // What is only set aside takes no time.
        const long Written = 16 << 20;
        using var ballast = new FileStream(Ballast, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            BufferSize = 0,
            PreallocationSize = Math.Max(0, new DriveInfo(_directory).AvailableFreeSpace - Written),
        });
        ballast.Seek(0, SeekOrigin.End);
        for (var chunk = new byte[1 << 20]; chunk.Length > 512; chunk = new byte[chunk.Length / 2])
        {
            try
            {
                while (true)
                {
                    ballast.Write(chunk);
                    ballast.Flush(flushToDisk: true);
                }
            }
            catch (IOException)
            {
                // Full for pieces of this size.
            }
        }
    }

    /// <summary>Takes back <see cref="Fill"/>.</summary>
    public void MakeRoom() => File.Delete(Ballast);

    public async ValueTask DisposeAsync()
    {
        for (; _mounts > 0; _mounts--)
        {
            await DoneAsync("umount", "-l", _directory);
        }
    }

    private static async Task DoneAsync(string program, params string[] arguments)
    {
        var ran = await Run.Async(program, arguments, Environment);
        Assert.True(ran.Code == 0, $"{program}: {ran}");
    }
}
