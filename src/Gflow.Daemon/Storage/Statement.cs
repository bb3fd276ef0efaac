using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>A statement of the writer that is compiled once. Its parameters are those named in its text, in the order in which they first appear.</summary>
internal sealed partial class Statement : IDisposable
{
    private readonly SqliteCommand _command;

    public Statement(SqliteConnection writer, string sql)
    {
        _command = writer.CreateCommand();
        _command.CommandText = sql;
        foreach (var name in Parameter().Matches(sql).Select(match => match.Value).Distinct())
        {
            _command.Parameters.Add(new SqliteParameter { ParameterName = name });
        }
    }

    /// <param name="values">One for each parameter; null is NULL.</param>
    /// <returns>Rows that were changed.</returns>
    public int Execute(SqliteTransaction transaction, params ReadOnlySpan<object?> values)
    {
        _command.Transaction = transaction;
        Bind(values);
        return _command.ExecuteNonQuery();
    }

    /// <summary>Reads outside of any transaction.</summary>
    /// <param name="values">One for each parameter; null is NULL.</param>
    /// <returns>The first row; null when there is none.</returns>
    public T? First<T>(Func<SqliteDataReader, T> read, params ReadOnlySpan<object?> values)
        where T : class
    {
        Bind(values);
        using var row = _command.ExecuteReader();
        return row.Read() ? read(row) : null;
    }

    public void Dispose() => _command.Dispose();

    private void Bind(ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            _command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }
    }

    [GeneratedRegex(@"\$[a-z]+")]
    private static partial Regex Parameter();
}
