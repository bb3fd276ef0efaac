using Gflow.Daemon.Storage;

namespace Gflow.Tests.Storage;

public sealed class StoreFaultTests
{
    [Theory]
    [InlineData(10, 10, true)] // SQLITE_IOERR
    [InlineData(10, 778, true)] // SQLITE_IOERR_WRITE
    [InlineData(10, 1034, true)] // SQLITE_IOERR_FSYNC
    [InlineData(10, 266, true)] // SQLITE_IOERR_READ
    [InlineData(11, 11, true)] // SQLITE_CORRUPT
    [InlineData(26, 26, true)] // SQLITE_NOTADB
    [InlineData(8, 8, true)] // SQLITE_READONLY
    [InlineData(13, 13, false)] // SQLITE_FULL
    [InlineData(5, 5, false)] // SQLITE_BUSY
    [InlineData(10, 4874, false)] // SQLITE_IOERR_SHMSIZE: how a full disk shows itself in the log's index
    [InlineData(10, 3082, false)] // SQLITE_IOERR_NOMEM
    public void After_an_error_of_the_disk_nothing_is_written_and_want_of_room_passes(int code, int extended, bool fatal) =>
        Assert.Equal(fatal, StoreFault.IsFatal(code, extended));

    [Theory]
    [InlineData(3_051_002, "3.51.2")]
    [InlineData(3_046_001, "3.46.1")]
    public void A_library_that_can_lose_commits_is_refused_with_both_versions(int version, string text)
    {
        Assert.Contains(text, SqliteLibrary.Problem(version), StringComparison.Ordinal);
        Assert.Contains("3.51.3", SqliteLibrary.Problem(version), StringComparison.Ordinal);
    }

    [Fact]
    public void The_library_that_comes_with_gflowd_is_good_enough() => Assert.Null(SqliteLibrary.Problem(SqliteLibrary.Version));
}
