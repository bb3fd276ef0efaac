namespace Gflow.Daemon.Storage;

/// <summary>File systems on which SQLite's log cannot be used, because its locks or its shared memory do not reach every machine that has them.</summary>
internal static class NetworkFileSystem
{
    /// <param name="type">A number of <c>linux/magic.h</c>, or one that a file system from elsewhere gave itself.</param>
    /// <returns>What people call it; null when it is no such file system.</returns>
    public static string? NameOf(uint type) => type switch
    {
        0x6969 => "NFS",
        0x517B or 0xFF534D42 or 0xFE534D42 => "SMB (CIFS)",
        0x65735546 => "FUSE (sshfs and others)",
        0x0BD00BD0 => "Lustre",
        0x47504653 => "GPFS",
        0x19830326 => "BeeGFS",
        0x5346414F or 0x6B414653 => "AFS",
        0x00C36400 => "Ceph",
        0x01021997 => "9p",
        0x73757245 => "Coda",
        0x564C => "NCP",
        0x7461636F => "OCFS2",
        0x01161970 => "GFS2",
        0x20030528 => "OrangeFS",
        0xAAD7AAEA => "PanFS",
        0x786F4256 => "VirtualBox shared folders",
        0xBACBACBC => "VMware shared folders",
        _ => null,
    };

    /// <summary>Whether a database may lie in a directory that need not exist yet.</summary>
    /// <returns>Why not; null when it may.</returns>
    /// <exception cref="IOException">The system does not tell what file system it is.</exception>
    public static string? Problem(string directory)
    {
        var there = directory;
        while (!Directory.Exists(there) && Path.GetDirectoryName(there) is { } above)
        {
            there = above;
        }

        return NameOf(FileSystem.Of(there).Type) is { } name
            ? $"The data directory {directory} is on {name}, where a database cannot be kept safely. Set [storage] path to a directory on a local disk."
            : null;
    }
}
