namespace Gflow.Core.Arrays;

/// <summary>Combinations of values, written out one by one.</summary>
/// <param name="Columns">The parameters, as <see cref="ParameterRules.CheckName"/> allows, each once.</param>
/// <param name="Rows">At least one; each has a value for every column.</param>
public sealed record SweepTable(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);

/// <summary>Files of parameters: comma-separated (RFC 4180), a line of names first, then a line for each combination.</summary>
public static class CsvText
{
    /// <summary>The most combinations of one file.</summary>
    public const int MostRows = 10_000;

    private const char ByteOrderMark = '\uFEFF';

    /// <summary>Reads a table. Names and cells are trimmed unless they are quoted; blank lines do not count.</summary>
    /// <returns>The table, or a problem <c>invalid_parameter_file</c> that names the line.</returns>
    public static Result<SweepTable> Parse(string text)
    {
        var reader = new CellReader(text.TrimStart(ByteOrderMark), endsAtLines: true);
        List<string>? columns = null;
        List<IReadOnlyList<string>> rows = [];
        while (!reader.AtEnd)
        {
            var line = reader.Line;
            var (cells, fault) = reader.Record();
            if (fault is not null)
            {
                return No(fault);
            }

            if (cells is [{ IsQuoted: false, Text: "" }])
            {
                continue;
            }

            List<string> values = [.. cells.Select(cell => cell.Text)];
            if ((columns is null ? Header(values, line) : Row(columns, values, line)) is { } wrong)
            {
                return wrong;
            }

            if (columns is null)
            {
                columns = values;
            }
            else
            {
                rows.Add(values);
            }

            if (rows.Count > MostRows)
            {
                return No($"there are more than {MostRows} rows: submit several files");
            }
        }

        return columns is null ? No("it is empty: write a line of names, then a line for each combination of values")
            : rows.Count == 0 ? No("no values follow the line of names: write a line for each combination of values")
            : new SweepTable(columns, rows);
    }

    private static Problem? Header(List<string> names, int line)
    {
        if (names.FindIndex(name => name.Length == 0) is >= 0 and var nameless)
        {
            return No($"line {line} has no name for column {nameless + 1}: write one");
        }

        return names.Select(ParameterRules.CheckName).FirstOrDefault(problem => problem is not null) is { } wrong ? No($"line {line}: {wrong.Message}")
            : names.CountBy(name => name).FirstOrDefault(column => column.Value > 1).Key is { } repeated ? No($"line {line} has two columns called \"{repeated}\": rename one")
            : null;
    }

    private static Problem? Row(List<string> columns, List<string> values, int line)
    {
        if (values.Count != columns.Count)
        {
            return No($"line {line} has {Columns(values.Count)}, and the line of names has {columns.Count}: write {columns.Count}, in double quotes where a value has a comma");
        }

        return columns.Zip(values, ParameterRules.CheckValue).FirstOrDefault(problem => problem is not null) is { } wrong ? No($"line {line}: {wrong.Message}") : null;
    }

    private static string Columns(int count) => count == 1 ? "1 column" : $"{count} columns";

    private static Problem No(string message) => new(ProblemCode.InvalidParameterFile, message, "parameters");
}
