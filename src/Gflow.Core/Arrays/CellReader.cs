using System.Text;

namespace Gflow.Core.Arrays;

/// <summary>Cells joined by commas (RFC 4180): double quotes protect commas, blanks and line breaks, and are doubled inside quotes.</summary>
/// <param name="text">Read from its beginning, a record after the other.</param>
/// <param name="endsAtLines">Whether a record ends with its line; otherwise all of the text is one.</param>
internal sealed class CellReader(string text, bool endsAtLines)
{
    private int _at;

    /// <summary>From 1.</summary>
    internal int Line { get; private set; } = 1;

    internal bool AtEnd => _at >= text.Length;

    /// <summary>The next record; a sentence where a quote does not end as it should.</summary>
    internal (IReadOnlyList<Cell> Cells, string? Fault) Record()
    {
        List<Cell> cells = [];
        while (true)
        {
            var (cell, fault) = One();
            if (fault is not null)
            {
                return ([], fault);
            }

            cells.Add(cell);
            if (AtEnd || text[_at] == '\n')
            {
                Skip();
                return (cells, null);
            }

            Skip();
        }
    }

    private (Cell Cell, string? Fault) One()
    {
        SkipBlanks();
        if (!AtEnd && text[_at] == '"')
        {
            return Quoted();
        }

        var start = _at;
        while (!AtEndOfCell())
        {
            Skip();
        }

        return (new Cell(text[start.._at].Trim(), false), null);
    }

    private (Cell Cell, string? Fault) Quoted()
    {
        var opened = Line;
        var value = new StringBuilder();
        for (Skip(); !AtEnd; Skip())
        {
            if (text[_at] != '"')
            {
                value.Append(text[_at]);
                continue;
            }

            Skip();
            if (AtEnd || text[_at] != '"')
            {
                SkipBlanks();
                return AtEndOfCell()
                    ? (new Cell(value.ToString(), true), null)
                    : (default, $"line {Line} goes on behind a closing double quote: write a comma there, or double each quote that belongs to the value");
            }

            value.Append('"');
        }

        return (default, $"a double quote is opened in line {opened} and never closed: close it, or double each quote that belongs to the value");
    }

    private bool AtEndOfCell() => AtEnd || text[_at] == ',' || (endsAtLines && text[_at] == '\n');

    private void SkipBlanks()
    {
        while (!AtEndOfCell() && char.IsWhiteSpace(text[_at]))
        {
            Skip();
        }
    }

    private void Skip()
    {
        Line += !AtEnd && text[_at] == '\n' ? 1 : 0;
        _at++;
    }

    /// <param name="Text">Trimmed, unless it was quoted.</param>
    /// <param name="IsQuoted">Whether it stood in quotes, and so is meant even when it is empty.</param>
    internal readonly record struct Cell(string Text, bool IsQuoted);
}
