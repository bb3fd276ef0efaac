namespace Gflow.Client.CommandLine;

/// <summary>Sentences on a terminal: broken between words, so that it does not break them within.</summary>
public static class Prose
{
    private const string Further = "    ";

    /// <summary>A line in as many as it takes. Those after the first are indented; a word that is wider than the terminal, such as a path, stays whole, and so does what is JSON or coloured.</summary>
    /// <param name="width">Columns to fit into; null for as wide as it takes.</param>
    public static IEnumerable<string> Lines(string line, int? width)
    {
        if (width is not { } columns || line.Length <= columns || line[0] == '{' || line.Contains('\e'))
        {
            return [line];
        }

        List<string> lines = [];
        var rest = line;
        var blanks = rest.Length - rest.TrimStart(' ').Length;
        var indent = new string(' ', blanks) + Further;
        while (rest.Length > columns && Break(rest, columns, blanks) is > 0 and var at)
        {
            lines.Add(rest[..at]);
            rest = indent + rest[at..].TrimStart(' ');
            blanks = indent.Length;
        }

        lines.Add(rest);
        return lines;
    }

    /// <returns>The last blank that leaves room, else the first there is; 0 where there is none behind the indentation.</returns>
    private static int Break(string line, int columns, int blanks)
    {
        var last = line.LastIndexOf(' ', columns);
        return last > blanks ? last : Math.Max(0, line.IndexOf(' ', blanks));
    }
}
