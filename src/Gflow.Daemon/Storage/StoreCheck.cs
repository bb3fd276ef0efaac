using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>Looks through a database whose last daemon did not end in order, before anything is built on it.</summary>
internal static class StoreCheck
{
    /// <summary>Beyond this the indexes are not compared with their tables, which would take minutes.</summary>
    private const long LargeBytes = 1L << 30;

    /// <exception cref="StorageRefusedException">It is damaged; it has not been touched.</exception>
    /// <exception cref="SqliteException">It cannot be read, or what is in its log cannot be brought to the disk.</exception>
    public static void Demand(SqliteConnection writer, string path)
    {
        var findings = Findings(writer, new FileInfo(path).Length > LargeBytes ? "quick_check" : "integrity_check");
        if (findings.Count > 0)
        {
            throw Damaged(path, string.Join("; ", findings));
        }

        // What a failed sync left in the kernel's memory alone is written once more, to the file itself.
        Database.Execute(writer, "PRAGMA wal_checkpoint(TRUNCATE)");
    }

    /// <param name="found">What is wrong.</param>
    public static StorageRefusedException Damaged(string path, string found) => new(
        $"The database {path} is damaged: {found}. It is left as it is. Restore a copy (see Backup in docs/running.md), or save what can be read with: "
        + $"sqlite3 {path} .recover | sqlite3 recovered.db");

    private static List<string> Findings(SqliteConnection writer, string check)
    {
        using var command = writer.CreateCommand();
        command.CommandText = $"PRAGMA {check}(5)";
        using var rows = command.ExecuteReader();
        var findings = new List<string>();
        while (rows.Read())
        {
            findings.Add(rows.GetString(0).ReplaceLineEndings(" "));
        }

        return findings is ["ok"] ? [] : findings;
    }
}
