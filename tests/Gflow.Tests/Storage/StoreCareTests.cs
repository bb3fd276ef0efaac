using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace Gflow.Tests.Storage;

/// <summary>What a start does about how the last one ended, and who may have the database.</summary>
public sealed class StoreCareTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gflow-care-");
    private readonly FakeTimeProvider _time = new(Draft.Noon);

    private string DatabasePath => Path.Combine(_directory.FullName, "gflow.db");

    private string LogPath => DatabasePath + "-wal";

    [Fact]
    public void Stopped_in_order_it_leaves_one_file_and_says_so()
    {
        using (var first = Database.Open(DatabasePath, _time))
        {
            Assert.Equal((1, false), (first.Start, first.MachineRestarted));
        }

        Assert.Equal(["gflow.db"], _directory.GetFiles().Select(file => file.Name));
        using var second = Database.Open(DatabasePath, _time);
        Assert.Equal(2, second.Start);
        Assert.Equal((Environment.MachineName, Environment.ProcessId, false), Owner(second) is var owner ? (owner.Host, owner.Pid, owner.Stopped) : default);
    }

    [Fact]
    public void Given_up_it_is_closed_without_another_write_and_everything_committed_is_there_at_the_next_start()
    {
        var database = Database.Open(DatabasePath, _time);
        Database.Execute(database.Writer, "CREATE TABLE kept (a INTEGER) STRICT; INSERT INTO kept VALUES (7)");
        var before = Bytes();
        database.GiveUp();
        database.Dispose();
        Assert.Equal(before, Bytes());

        using var next = Database.Open(DatabasePath, _time);
        Assert.Equal(7, Database.ScalarInt64(next.Writer, "SELECT a FROM kept"));
    }

    [Fact]
    public void A_reader_that_is_the_last_to_close_leaves_the_log_alone()
    {
        var database = Database.Open(DatabasePath, _time);
        var reader = database.OpenReader();
        Assert.Equal(1, Database.ScalarInt64(reader, "SELECT count(*) FROM meta WHERE key = 'owner'"));
        database.GiveUp();
        database.Dispose();
        var before = Bytes();
        reader.Dispose();
        SqliteConnection.ClearPool(reader);
        Assert.Equal(before, Bytes());
    }

    [Fact]
    public void A_reader_can_neither_write_nor_checkpoint()
    {
        using var database = Database.Open(DatabasePath, _time);
        using var reader = database.OpenReader();
        Assert.Throws<SqliteException>(() => Database.Execute(reader, "DELETE FROM meta"));
        var before = File.ReadAllBytes(DatabasePath);
        Assert.Throws<SqliteException>(() => Database.Execute(reader, "PRAGMA wal_checkpoint(TRUNCATE)"));
        Assert.Equal(before, File.ReadAllBytes(DatabasePath));
    }

    [Fact]
    public void A_long_log_is_moved_into_the_file_when_the_writer_is_told_to()
    {
        using var database = Database.Open(DatabasePath, _time);
        Database.Execute(database.Writer, "CREATE TABLE much (a BLOB) STRICT; INSERT INTO much VALUES (zeroblob(8000000))");
        Assert.True(new FileInfo(DatabasePath).Length < 8_000_000);
        database.Checkpoint();
        Assert.True(new FileInfo(DatabasePath).Length > 8_000_000);
    }

    [Fact]
    public void Damaged_and_not_stopped_in_order_it_is_refused_by_name_with_the_remedy_and_left_as_it_is()
    {
        using (var database = Database.Open(DatabasePath, _time))
        {
            Database.Execute(database.Writer, "CREATE TABLE much (a BLOB) STRICT; INSERT INTO much VALUES (zeroblob(100000)); CREATE INDEX some ON much (a)");
            Change(database.Writer, owner => owner with { Stopped = false });
            database.GiveUp();
        }

        // As after a power loss: the log's index is gone, and pages in the middle of the file are torn.
        using (var database = new SqliteConnection($"Data Source={DatabasePath};Pooling=False"))
        {
            database.Open();
            Database.Execute(database, "PRAGMA wal_checkpoint(TRUNCATE)");
        }

        var bytes = File.ReadAllBytes(DatabasePath);
        Array.Fill(bytes, (byte)0xAB, bytes.Length - (8 * 4096), 8 * 4096);
        File.WriteAllBytes(DatabasePath, bytes);

        var refused = Assert.Throws<StorageRefusedException>(() => Database.Open(DatabasePath, _time));
        Assert.Contains(DatabasePath, refused.Message, StringComparison.Ordinal);
        Assert.Contains(".recover", refused.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(DatabasePath));
    }

    [Fact]
    public void What_is_no_database_is_refused_and_left_as_it_is()
    {
        var bytes = "This is no database, but somebody's notes, which must not be lost. "u8.ToArray();
        File.WriteAllBytes(DatabasePath, bytes);
        var refused = Assert.Throws<StorageRefusedException>(() => Database.Open(DatabasePath, _time));
        Assert.Contains("is damaged", refused.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(DatabasePath));
    }

    [Fact]
    public void Another_machines_daemon_keeps_it_while_it_gives_signs_of_life()
    {
        WasOf(owner => owner with { Host = "node07", BootId = "another", Stopped = false });
        _time.Advance(TimeSpan.FromMinutes(4.9));
        var refused = Assert.Throws<StorageRefusedException>(() => Database.Open(DatabasePath, _time));
        Assert.Contains("node07", refused.Message, StringComparison.Ordinal);
        Assert.Contains("[storage] path", refused.Message, StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromMinutes(0.1));
        using var later = Database.Open(DatabasePath, _time);
        Assert.Equal((2, true), (later.Start, later.MachineRestarted));
    }

    [Fact]
    public void Another_machines_daemon_that_has_stopped_gives_it_away_at_once()
    {
        WasOf(owner => owner with { Host = "node07", BootId = "another", Stopped = true });
        using var next = Database.Open(DatabasePath, _time);
        Assert.Equal(2, next.Start);
    }

    [Fact]
    public void The_same_machine_takes_it_over_after_a_kill_a_reboot_and_from_another_container()
    {
        WasOf(owner => owner with { Pid = 999_999_999, Stopped = false });
        Assert.False(Reopened());
        WasOf(owner => owner with { BootId = "earlier", Stopped = false });
        Assert.True(Reopened());
        WasOf(owner => owner with { Host = "3f2a9c", Stopped = false });
        Assert.False(Reopened());

        bool Reopened()
        {
            using var database = Database.Open(DatabasePath, _time);
            return database.MachineRestarted;
        }
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private byte[] Bytes() => [.. File.ReadAllBytes(DatabasePath), .. File.ReadAllBytes(LogPath)];

    /// <summary>Makes the database look as this daemon left it.</summary>
    private void WasOf(Func<StoreOwner, StoreOwner> change)
    {
        using (Database.Open(DatabasePath, _time))
        {
        }

        using var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        Change(connection, change);
    }

    private static void Change(SqliteConnection connection, Func<StoreOwner, StoreOwner> change) => change(StoreOwner.Read(connection)!).Write(connection, null);

    private static StoreOwner Owner(Database database) => StoreOwner.Read(database.Writer)!;
}
