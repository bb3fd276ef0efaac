using System.Text;
using Gflow.Client.CommandLine;

namespace Gflow.Cli.Rendering;

/// <param name="Text">Safe for the terminal.</param>
/// <param name="Style">How it is painted; null for plainly.</param>
/// <param name="Tail">A painted mark behind the text, which survives when the text is cut.</param>
internal readonly record struct Cell(string Text, string? Style = null, string Tail = "")
{
    public static implicit operator Cell(string text) => new(text);
}

/// <summary>Left-aligned columns, a blank before each line and <paramref name="gap"/> blanks between columns.</summary>
/// <param name="gap">Blanks between two columns.</param>
/// <param name="elastic">Columns that may be cut, ending in <c>…</c>, when the lines are wider than the terminal.</param>
internal sealed class TextTable(IReadOnlyList<string> headers, int gap, IReadOnlySet<int> elastic)
{
    private const int NarrowestElastic = 8;

    private readonly List<Cell[]> _rows = [[.. headers.Select(header => new Cell(header))]];

    internal void Add(params Cell[] cells) => _rows.Add(cells);

    internal void Write(Invocation invocation) => Write(invocation.Out, invocation.Palette, invocation.Context.Width);

    /// <param name="width">Columns to fit into; null for as wide as it takes.</param>
    internal void Write(TextWriter writer, Palette palette, int? width)
    {
        var widths = Fit(width);
        var line = new StringBuilder();
        foreach (var row in _rows)
        {
            line.Clear().Append(' ');
            var used = 1;
            for (var column = 0; column < row.Length; column++)
            {
                var cell = row[column];
                var room = width is { } most ? Math.Max(0, Math.Min(widths[column], most - used)) : widths[column];
                var tail = TextWidth.Of(cell.Tail);
                var text = TextWidth.Cut(cell.Text, Math.Max(0, room - tail));
                line.Append(palette.Paint(text, cell.Style)).Append(palette.Paint(cell.Tail, cell.Tail.Length > 0 ? Palette.Alive : null));
                if (column < row.Length - 1)
                {
                    line.Append(' ', widths[column] - Math.Min(widths[column], TextWidth.Of(text) + tail) + gap);
                    used += widths[column] + gap;
                }
            }

            writer.WriteLine(line.ToString().TrimEnd(' '));
        }
    }

    private int[] Fit(int? width)
    {
        var widths = new int[headers.Count];
        foreach (var row in _rows)
        {
            for (var column = 0; column < row.Length; column++)
            {
                widths[column] = Math.Max(widths[column], TextWidth.Of(row[column].Text) + TextWidth.Of(row[column].Tail));
            }
        }

        var surplus = 1 + widths.Sum() + (gap * (widths.Length - 1)) - (width ?? int.MaxValue);
        while (surplus > 0)
        {
            var widest = -1;
            foreach (var column in elastic)
            {
                if (widths[column] > Math.Max(NarrowestElastic, headers[column].Length) && (widest < 0 || widths[column] > widths[widest]))
                {
                    widest = column;
                }
            }

            if (widest < 0)
            {
                break;
            }

            widths[widest]--;
            surplus--;
        }

        return widths;
    }
}
