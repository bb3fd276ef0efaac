using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace Gflow.Daemon.Storage;

/// <summary>What an error of SQLite says about the database. Codes are those of https://sqlite.org/rescode.html.</summary>
internal static class StoreFault
{
    /// <summary>The index of the log could not grow: so a full disk shows itself there. It is no part of what is stored, and is made anew.</summary>
    private const int IndexCannotGrow = SQLITE_IOERR | (19 << 8);

    /// <summary>Out of memory while reading or writing.</summary>
    private const int NoMemory = SQLITE_IOERR | (12 << 8);

    /// <summary>
    /// Whether nothing may be built on what this connection has written. After a failed write or sync the kernel may call pages clean
    /// that never reached the disk, and a second sync would succeed without them.
    /// </summary>
    public static bool IsFatal(SqliteException error) => IsFatal(error.SqliteErrorCode, error.SqliteExtendedErrorCode);

    public static bool IsFatal(int code, int extended) => code switch
    {
        SQLITE_IOERR => extended is not (IndexCannotGrow or NoMemory),
        SQLITE_CORRUPT or SQLITE_NOTADB or SQLITE_READONLY => true,
        _ => false,
    };
}
