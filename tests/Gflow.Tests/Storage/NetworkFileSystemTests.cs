using Gflow.Daemon.Storage;

namespace Gflow.Tests.Storage;

public sealed class NetworkFileSystemTests
{
    [Theory]
    [InlineData(0x6969u, "NFS")]
    [InlineData(0x517Bu, "SMB (CIFS)")]
    [InlineData(0xFF534D42u, "SMB (CIFS)")]
    [InlineData(0xFE534D42u, "SMB (CIFS)")]
    [InlineData(0x65735546u, "FUSE (sshfs and others)")]
    [InlineData(0x0BD00BD0u, "Lustre")]
    [InlineData(0x47504653u, "GPFS")]
    [InlineData(0x19830326u, "BeeGFS")]
    [InlineData(0x5346414Fu, "AFS")]
    [InlineData(0x6B414653u, "AFS")]
    [InlineData(0x00C36400u, "Ceph")]
    [InlineData(0x01021997u, "9p")]
    [InlineData(0xEF53u, null)]
    [InlineData(0x58465342u, null)]
    [InlineData(0x9123683Eu, null)]
    [InlineData(0x2FC12FC1u, null)]
    [InlineData(0xF2F52010u, null)]
    [InlineData(0x01021994u, null)]
    [InlineData(0x794C7630u, null)]
    public void Ext4_XFS_Btrfs_ZFS_F2FS_tmpfs_and_overlayfs_are_local_and_shared_ones_have_names(uint type, string? name) =>
        Assert.Equal(name, NetworkFileSystem.NameOf(type));

    [Fact]
    public void A_directory_that_is_not_there_yet_is_judged_by_the_one_above() =>
        Assert.Null(NetworkFileSystem.Problem(Path.Combine(Path.GetTempPath(), "not", "there", "yet")));
}
