using System.Globalization;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace Gflow.Daemon.Storage;

/// <summary>The one SQLite file: WAL, every commit synced. One connection writes (the engine's) and checkpoints; readers have their own, which can do neither.</summary>
internal sealed class Database : IDisposable
{
    /// <summary>SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE</summary>
    private const int NoCheckpointOnClose = 1006;

    /// <summary>SQLITE_CHECKPOINT_NOOP: only tells how long the log is.</summary>
    private const int OnlyLook = -1;

    /// <summary>Pages in the log from which on they are moved into the file; SQLite's own default.</summary>
    private const int LongLog = 1000;

    private readonly string _connectionText;

    // Opening the file, reading its schema and taking the locks of a new reader costs more than what most readers read.
    private readonly string _readerText;

    private readonly TimeProvider _time;
    private StoreOwner? _owner;

    private Database(string path, TimeProvider time)
    {
        Path = path;
        _time = time;
        _connectionText = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 30 }.ToString();
        _readerText = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = true, DefaultTimeout = 30 }.ToString();
        Writer = Open();
    }

    public string Path { get; }

    /// <summary>The number of this start: higher than that of every daemon before on this database.</summary>
    public long Start { get; private set; }

    /// <summary>Whether the machine was started again since the last daemon had the database: no process of its jobs is left.</summary>
    public bool MachineRestarted { get; private set; }

    /// <summary>The writer's connection; only the engine's thread uses it.</summary>
    public SqliteConnection Writer { get; }

    /// <summary>Opens the file, makes it where there is none (mode 0600), and brings its schema up to date. One that was not closed in order is looked through first.</summary>
    /// <exception cref="StorageRefusedException">The file is newer than this program, damaged, or another machine's.</exception>
    public static Database Open(string path, TimeProvider time)
    {
        if (SqliteLibrary.Problem(SqliteLibrary.Version) is { } old)
        {
            throw new StorageRefusedException(old);
        }

        foreach (var file in (string[])[path, path + "-wal", path + "-shm"])
        {
            if (Directory.Exists(file))
            {
                throw new StorageRefusedException($"The database {path} cannot be used: {file} is a directory. Move it away.");
            }
        }

        if (!File.Exists(path))
        {
            using var created = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }

        // Closed in order, it leaves no log behind.
        var leftLog = new FileInfo(path + "-wal") is { Exists: true, Length: > 0 };
        Database? database = null;
        try
        {
            database = new Database(path, time);
            database.TakeOver(leftLog);
            return database;
        }
        catch (Exception error)
        {
            if (leftLog || error is SqliteException)
            {
                database?.GiveUp();
            }

            database?.Dispose();
            if (error is SqliteException fault)
            {
                throw Refused(path, fault);
            }

            throw;
        }
    }

    /// <summary>Why a start ends at this error, and what to do.</summary>
    public static StorageRefusedException Refused(string path, SqliteException fault) => fault.SqliteErrorCode is SQLITE_CORRUPT or SQLITE_NOTADB
        ? StoreCheck.Damaged(path, fault.Message.TrimEnd('.'))
        : fault.SqliteErrorCode == SQLITE_ERROR && fault.Message.Contains("no such table", StringComparison.Ordinal)
        ? AnotherPrograms(path)
        : new StorageRefusedException($"The database {path} cannot be used: {fault.Message} Look at its disk and its owner and mode, then start again.");

    private static StorageRefusedException AnotherPrograms(string path) =>
        new($"The database {path} is another program's. Name another directory in [storage] path, or move it away.");

    /// <summary>A connection for reading, beside the writer's; disposing of it keeps it for the next reader.</summary>
    public SqliteConnection OpenReader()
    {
        var reader = new SqliteConnection(_readerText);
        reader.Open();
        return reader;
    }

    /// <summary>Moves what has gathered in the log into the file, once it is worth it. SQLite's own way of doing so hides its failures and tries again.</summary>
    /// <exception cref="SqliteException">It could not be moved; it is still in the log.</exception>
    public void Checkpoint()
    {
        var result = sqlite3_wal_checkpoint_v2(Writer.Handle, "main", OnlyLook, out var pages, out _);
        if (result == SQLITE_OK && pages >= LongLog)
        {
            result = sqlite3_wal_checkpoint_v2(Writer.Handle, "main", SQLITE_CHECKPOINT_PASSIVE, out _, out _);
        }

        if (result != SQLITE_BUSY)
        {
            SqliteException.ThrowExceptionForRC(result, Writer.Handle);
        }
    }

    /// <summary>Notes that the daemon is alive.</summary>
    public void Beat(SqliteTransaction transaction, DateTimeOffset now)
    {
        _owner = StoreOwner.Self(now);
        _owner.Write(Writer, transaction);
    }

    /// <summary>From now on nothing is written, not even when it is closed: the next start looks through what there is.</summary>
    public void GiveUp()
    {
        _owner = null;
        _ = sqlite3_db_config(Writer.Handle, NoCheckpointOnClose, 1, out _);
    }

    public void Dispose()
    {
        Leave();
        using (var any = new SqliteConnection(_readerText))
        {
            SqliteConnection.ClearPool(any);
        }

        Writer.Dispose();
    }

    internal static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    internal static long ScalarInt64(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() is { } value and not DBNull ? Convert.ToInt64(value, CultureInfo.InvariantCulture) : 0;
    }

    private void TakeOver(bool leftLog)
    {
        var self = StoreOwner.Self(_time.GetUtcNow());
        var isNew = ScalarInt64(Writer, "PRAGMA user_version") == 0;
        if (isNew && ScalarInt64(Writer, "SELECT count(*) FROM sqlite_schema") > 0)
        {
            throw AnotherPrograms(Path);
        }

        var last = isNew ? null : StoreOwner.Read(Writer);
        if (last?.Refusal(self, Path) is { } refusal)
        {
            throw new StorageRefusedException(refusal);
        }

        if (leftLog || last is { Stopped: false })
        {
            StoreCheck.Demand(Writer, Path);
        }

        Migrator.Migrate(this, _time);
        MachineRestarted = last is not null && last.BootId != self.BootId;
        using var transaction = Writer.BeginTransaction();
        Start = MetaTable.CountStart(Writer, transaction);
        self.Write(Writer, transaction);
        transaction.Commit();
        _owner = self;
    }

    private void Leave()
    {
        if (_owner is not { } owner)
        {
            return;
        }

        _owner = null;
        try
        {
            (owner with { SeenAt = _time.GetUtcNow(), Stopped = true }).Write(Writer, null);
        }
        catch (SqliteException)
        {
            // The disk is full, or worse: the next start looks through the database, and says what it finds.
            GiveUp();
        }
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionText);
        try
        {
            connection.Open();
            Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 30000; PRAGMA wal_autocheckpoint = 0;");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
