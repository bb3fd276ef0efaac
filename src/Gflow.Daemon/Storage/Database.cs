using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>The one SQLite file: WAL, every commit synced. One connection writes (the engine's); readers have their own.</summary>
internal sealed class Database : IDisposable
{
    private readonly string _connectionText;

    // Opening the file, reading its schema and taking the locks of a new reader costs more than what most readers read.
    private readonly string _readerText;

    private Database(string path)
    {
        Path = path;
        _connectionText = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 30 }.ToString();
        _readerText = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = true, DefaultTimeout = 30 }.ToString();
        Writer = Open();
    }

    public string Path { get; }

    /// <summary>The writer's connection; only the engine's thread uses it.</summary>
    public SqliteConnection Writer { get; }

    /// <summary>Opens the file, makes it where there is none (mode 0600), and brings its schema up to date.</summary>
    /// <exception cref="StorageRefusedException">The file is newer than this program.</exception>
    public static Database Open(string path, TimeProvider time)
    {
        if (!File.Exists(path))
        {
            using var created = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }

        var database = new Database(path);
        try
        {
            Migrator.Migrate(database, time);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>A connection for reading, beside the writer's; disposing of it keeps it for the next reader.</summary>
    public SqliteConnection OpenReader()
    {
        var reader = new SqliteConnection(_readerText);
        reader.Open();
        return reader;
    }

    public void Dispose()
    {
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

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionText);
        connection.Open();
        Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 30000;");
        return connection;
    }
}
