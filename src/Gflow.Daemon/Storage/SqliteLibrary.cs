using System.Globalization;
using SQLitePCL;

namespace Gflow.Daemon.Storage;

/// <summary>Which SQLite libraries commits may be trusted to.</summary>
internal static class SqliteLibrary
{
    /// <summary>Older ones can lose commits when a writer restarts the log while another connection checkpoints it (https://sqlite.org/wal.html, "The WAL-reset bug").</summary>
    private const int Oldest = 3_051_003;

    /// <summary>The loaded one's, as <c>sqlite3_libversion_number</c> gives it.</summary>
    public static int Version
    {
        get
        {
            // Nothing can be asked of the library before a first connection has found it, unless it is looked for here.
            Batteries_V2.Init();
            return raw.sqlite3_libversion_number();
        }
    }

    /// <param name="version">For instance 3051003 for 3.51.3.</param>
    /// <returns>Why it cannot be used; null when it can.</returns>
    public static string? Problem(int version) => version >= Oldest
        ? null
        : $"The SQLite library is {Text(version)}, which can lose commits; gflowd needs {Text(Oldest)} or newer. Use the libe_sqlite3.so that comes with gflowd.";

    private static string Text(int version) =>
        string.Create(CultureInfo.InvariantCulture, $"{version / 1_000_000}.{version / 1000 % 1000}.{version % 1000}");
}
