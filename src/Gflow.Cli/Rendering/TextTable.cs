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
/// <param name="gap">Blanks between two columns; fewer where the lines would be wider than the terminal.</param>
/// <param name="elastic">Columns that are cut first, ending in <c>…</c>, when the lines are wider than the terminal.</param>
/// <param name="whole">Columns that are never cut.</param>
internal sealed class TextTable(IReadOnlyList<string> headers, int gap, IReadOnlyCollection<int> elastic, IReadOnlyCollection<int>? whole = null)
{
    private const int ReadableElastic = 14;
    private const int NarrowestElastic = 8;
    private const int NarrowestCut = 2;

    /// <summary>Columns that are not shown, one after the other, when the rest would not fit without making what is elastic unreadable.</summary>
    internal IReadOnlyList<int> LeftOutFirst { get; init; } = [];

    private readonly List<Row> _rows = [];
    private readonly int[] _widest = new int[headers.Count];

    internal void Add(params Cell[] cells) => _rows.Add(Measured(cells));

    internal void Write(Invocation invocation) => Write(invocation.Out, invocation.Palette, invocation.Context.Width);

    /// <param name="width">Columns to fit into; null for as wide as it takes.</param>
    internal void Write(TextWriter writer, Palette palette, int? width)
    {
        var head = Measured([.. headers.Select(header => new Cell(header))]);
        var (widths, between) = Fit(width ?? int.MaxValue);
        var line = new StringBuilder();
        foreach (var row in _rows.Prepend(head))
        {
            line.Clear();
            var blanks = 1;
            for (var column = 0; column < row.Cells.Length; column++)
            {
                var room = widths[column];
                if (room == 0)
                {
                    continue;
                }

                var cell = row.Cells[column];
                var used = row.Widths[column];
                var text = cell.Text;
                if (used > room)
                {
                    var tail = TextWidth.Of(cell.Tail);
                    text = TextWidth.Cut(text, Math.Max(0, room - tail));
                    used = TextWidth.Of(text) + tail;
                }

                line.Append(' ', blanks).Append(palette.Paint(text, cell.Style)).Append(palette.Paint(cell.Tail, cell.Tail.Length > 0 ? Palette.Alive : null));
                blanks = Math.Max(0, room - used) + between;
            }

            while (line.Length > 0 && line[^1] == ' ')
            {
                line.Length--;
            }

            writer.Write(line.Append('\n'));
        }
    }

    /// <summary>The row with the widths of its cells, which are asked for again and again.</summary>
    private Row Measured(Cell[] cells)
    {
        var widths = new int[cells.Length];
        for (var column = 0; column < cells.Length; column++)
        {
            widths[column] = TextWidth.Of(cells[column].Text) + TextWidth.Of(cells[column].Tail);
            _widest[column] = Math.Max(_widest[column], widths[column]);
        }

        return new(cells, widths);
    }

    /// <returns>The columns' widths, 0 for one that has no room at all, and the blanks between them.</returns>
    private (int[] Widths, int Gap) Fit(int width)
    {
        int[] widths;
        int between;
        var leftOut = 0;
        do
        {
            widths = [.. _widest];
            foreach (var column in LeftOutFirst.Take(leftOut))
            {
                widths[column] = 0;
            }

            between = gap;
            Narrow(widths, elastic, column => Math.Max(ReadableElastic, headers[column].Length), Surplus(widths, between, width));
            while (between > 1 && Surplus(widths, between, width) > 0)
            {
                between--;
            }
        }
        while (Surplus(widths, between, width) > 0 && leftOut++ < LeftOutFirst.Count);

        Narrow(widths, elastic, column => Math.Max(NarrowestElastic, headers[column].Length), Surplus(widths, between, width));
        int[] cut = [.. Enumerable.Range(0, widths.Length).Where(column => whole?.Contains(column) != true)];
        Narrow(widths, cut, _ => NarrowestCut, Surplus(widths, between, width));
        for (var last = cut.Length - 1; last >= 0 && Surplus(widths, between, width) > 0; last--)
        {
            widths[cut[last]] = 0;
        }

        return (widths, between);
    }

    private static long Surplus(int[] widths, int gap, int width) =>
        1 + widths.Sum(column => (long)column) + (gap * (widths.Count(column => column > 0) - 1L)) - width;

    /// <summary>Takes the surplus from the columns, one by one from the widest, as long as it is wider than the least it may be.</summary>
    private static void Narrow(int[] widths, IReadOnlyCollection<int> columns, Func<int, int> least, long surplus)
    {
        for (; surplus > 0; surplus--)
        {
            var widest = -1;
            foreach (var column in columns)
            {
                if (widths[column] > least(column) && (widest < 0 || widths[column] > widths[widest]))
                {
                    widest = column;
                }
            }

            if (widest < 0)
            {
                return;
            }

            widths[widest]--;
        }
    }

    private readonly record struct Row(Cell[] Cells, int[] Widths);
}
