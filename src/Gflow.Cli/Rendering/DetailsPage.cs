using Gflow.Client.CommandLine;
using Gflow.Core.Text;

namespace Gflow.Cli.Rendering;

/// <summary>Everything about one thing: headings over lines of <c>Key=Value</c>; what does not apply is left out.</summary>
/// <param name="width">Columns to fit into; null for as wide as it takes.</param>
internal sealed class DetailsPage(TextWriter writer, Palette palette, int? width)
{
    internal void Heading(string title) => writer.WriteLine(palette.Paint($"{title}:", Palette.Heading));

    /// <param name="value">Null for what does not apply.</param>
    internal void Field(string name, string? value)
    {
        if (value is not null)
        {
            foreach (var line in Prose.Lines($"  {SafeText.Line(name)}={SafeText.Line(value)}", width))
            {
                writer.WriteLine(line);
            }
        }
    }

    /// <param name="painted">A part of the value that has a style of its own, where it is whole in a line.</param>
    internal void Field(string name, string value, Cell painted)
    {
        foreach (var line in Prose.Lines($"  {SafeText.Line(name)}={SafeText.Line(value)}", width))
        {
            var at = line.IndexOf($" {painted.Text} ", StringComparison.Ordinal);
            writer.WriteLine(at < 0 ? line : $"{line[..(at + 1)]}{palette.Paint(painted.Text, painted.Style)}{line[(at + 1 + painted.Text.Length)..]}");
        }
    }

    /// <param name="value">In one line when it is painted.</param>
    internal void Field(string name, Cell value)
    {
        if (value.Style is null)
        {
            Field(name, value.Text + value.Tail);
        }
        else
        {
            writer.WriteLine($"  {name}={palette.Paint(value.Text, value.Style)}{value.Tail}");
        }
    }

    /// <summary>A blank line, a heading and fields; nothing when none of them applies.</summary>
    internal void Section(string title, IReadOnlyList<(string Name, string? Value)> fields)
    {
        if (fields.Any(field => field.Value is not null))
        {
            writer.WriteLine();
            Heading(title);
            foreach (var (name, value) in fields)
            {
                Field(name, value);
            }
        }
    }
}
