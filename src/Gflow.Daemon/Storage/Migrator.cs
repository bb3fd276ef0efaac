using System.Globalization;
using System.Reflection;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>Brings a database to the newest schema, one numbered script after the other, each in a transaction of its own.</summary>
internal static class Migrator
{
    private const string Prefix = "Gflow.Daemon.Storage.Migrations.";

    /// <summary>The schema this program knows.</summary>
    public static int Newest => Built.Keys.Max();

    private static readonly Dictionary<int, string> Built = Scripts();

    /// <exception cref="StorageRefusedException">The database is newer than this program.</exception>
    public static void Migrate(Database database, TimeProvider time) => Migrate(database, time, Built);

    /// <param name="scripts">By number.</param>
    public static void Migrate(Database database, TimeProvider time, IReadOnlyDictionary<int, string> scripts)
    {
        var connection = database.Writer;
        var current = Version(connection);
        var newest = scripts.Keys.Max();
        if (current > newest)
        {
            throw new StorageRefusedException(
                $"The database {database.Path} has schema {current}, which is newer than supported: this gflowd knows schemas up to {newest}. "
                + "Start the newer gflowd, or restore the copy that was made before the upgrade.");
        }

        if (current > 0 && current < newest)
        {
            KeepCopy(database, current, time);
        }

        foreach (var (number, script) in scripts.Where(pair => pair.Key > current).OrderBy(pair => pair.Key))
        {
            using var transaction = connection.BeginTransaction();
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = script + $"\nPRAGMA user_version = {number.ToString(CultureInfo.InvariantCulture)};";
            command.ExecuteNonQuery();
            transaction.Commit();
        }
    }

    private static int Version(SqliteConnection connection) => (int)Database.ScalarInt64(connection, "PRAGMA user_version");

    private static void KeepCopy(Database database, int version, TimeProvider time)
    {
        var stamp = time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var copy = $"{database.Path}.schema{version}.{stamp}";
        using var command = database.Writer.CreateCommand();
        command.CommandText = "VACUUM INTO $copy";
        command.Parameters.AddWithValue("$copy", copy);
        command.ExecuteNonQuery();
        File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static Dictionary<int, string> Scripts()
    {
        var assembly = typeof(Migrator).Assembly;
        var scripts = new Dictionary<int, string>();
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(Resource(assembly, name));
            scripts.Add(int.Parse(name.AsSpan(Prefix.Length, 4), CultureInfo.InvariantCulture), reader.ReadToEnd());
        }

        return scripts;
    }

    private static Stream Resource(Assembly assembly, string name) =>
        assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The resource {name} is missing from the program.");
}
