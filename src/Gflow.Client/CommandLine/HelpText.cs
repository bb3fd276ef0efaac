using System.Text;
using Gflow.Core.CommandLine;

namespace Gflow.Client.CommandLine;

/// <summary>The help of every command, in one form.</summary>
public static class HelpText
{
    private const int NarrowestText = 24;
    private const int WidestPage = 100;
    private const int WidestTerm = 32;

    /// <summary>A blank at which no line may end.</summary>
    private const char Unbroken = '\u00A0';

    /// <summary>Writes the page of the command that was named.</summary>
    /// <param name="width">Columns to fit into; null for a page of the usual width.</param>
    public static void Write<TCall>(TextWriter writer, ParsedCommand<TCall> parsed, Palette palette, int? width)
    {
        var spec = parsed.Spec;
        var page = Math.Min(width ?? 80, WidestPage);
        Wrap(writer, $"{spec.Summary}.", "", page);
        writer.WriteLine();
        writer.WriteLine($"{palette.Paint("Usage:", Palette.Heading)} {palette.Paint(parsed.Path, Palette.Literal)}{Usage(spec)}");
        foreach (var note in spec.Notes)
        {
            writer.WriteLine();
            Wrap(writer, note, "", page);
        }

        if (spec.Words is { } words)
        {
            Section(writer, "Arguments", [(words.Name, words.Help)], palette, Palette.Placeholder, page);
        }

        if (spec.Subcommands.Count > 0)
        {
            var rows = spec.Subcommands.Select(sub => (string.Join(", ", [sub.Name, .. sub.Aliases]), sub.Summary));
            Section(writer, "Commands", [.. rows], palette, Palette.Literal, page);
        }

        Section(writer, "Options", [.. parsed.Options.Where(option => !option.Hidden).Select(option => (Term(option), option.Help))], palette, Palette.Literal, page);
        Examples(writer, spec.Examples, palette, page);
    }

    /// <summary>Two columns; a term that is too long stands on a line of its own.</summary>
    public static void Section(TextWriter writer, string heading, IReadOnlyList<(string Term, string Help)> rows, Palette palette, string style, int page)
    {
        writer.WriteLine();
        writer.WriteLine(palette.Paint($"{heading}:", Palette.Heading));
        var column = Math.Min(rows.Max(row => row.Term.Length), WidestTerm) + 4;
        column = Math.Min(column, Math.Max(6, page - NarrowestText));
        foreach (var (term, help) in rows)
        {
            writer.Write($"  {palette.Paint(term, style)}");
            if (term.Length + 4 > column)
            {
                writer.WriteLine();
                writer.Write(new string(' ', column));
            }
            else
            {
                writer.Write(new string(' ', column - term.Length - 2));
            }

            Wrap(writer, help, new string(' ', column), page, begun: true);
        }
    }

    private static string Usage<TCall>(CommandSpec<TCall> spec)
    {
        var usage = new StringBuilder(spec.Subcommands.Count > 0 && spec.Run is null ? " COMMAND [OPTIONS]" : " [OPTIONS]");
        if (spec.Words is { } words)
        {
            usage.Append(words.Least > 0 ? $" {words.Name}" : $" [{words.Name}]");
        }

        return usage.ToString();
    }

    private static string Term(OptionSpec option)
    {
        var names = option.Aliases.Where(alias => alias.Length == 2).Append(option.Name).Concat(option.Aliases.Where(alias => alias.Length > 2));
        return string.Join(", ", names) + (option.ValueName is { } value ? $" {value}" : "");
    }

    private static void Examples(TextWriter writer, IReadOnlyList<CommandExample> examples, Palette palette, int page)
    {
        writer.WriteLine();
        writer.WriteLine(palette.Paint("Examples:", Palette.Heading));
        foreach (var example in examples)
        {
            foreach (var line in Continued(example.Line, page - 2))
            {
                writer.WriteLine($"  {palette.Paint(line, Palette.Literal)}");
            }

            writer.Write("      ");
            Wrap(writer, example.Meaning, "      ", page, begun: true);
        }
    }

    /// <summary>A command line in as many lines as it takes, to be copied as they are: broken before options, with the shell's backslash.</summary>
    private static IEnumerable<string> Continued(string command, int room)
    {
        while (command.Length > room && command.LastIndexOf(" -", room - 2, StringComparison.Ordinal) is > 0 and var at)
        {
            yield return $"{command[..at]} \\";
            command = $"   {command[at..]}";
            if (command.LastIndexOf(" -", StringComparison.Ordinal) <= 3)
            {
                break;
            }
        }

        yield return command;
    }

    /// <summary>The words of a text, lists without blanks that are too long for a line in parts.</summary>
    private static IEnumerable<(string Text, bool BeginsWord)> Words(string text, int room)
    {
        foreach (var word in text.Split(' '))
        {
            var rest = word;
            var begins = true;
            while (rest.Length > room && rest.LastIndexOf(',', room - 1) is > 0 and var comma)
            {
                yield return (rest[..(comma + 1)], begins);
                rest = rest[(comma + 1)..];
                begins = false;
            }

            yield return (rest, begins);
        }
    }

    /// <param name="begun">Whether the first line's indentation is already written.</param>
    private static void Wrap(TextWriter writer, string text, string indent, int page, bool begun = false)
    {
        var line = new StringBuilder(begun ? "" : indent);
        var used = indent.Length;
        var empty = true;
        foreach (var (word, begins) in Words(text, page - indent.Length))
        {
            var blank = begins && !empty ? 1 : 0;
            if (!empty && used + blank + word.Length > page)
            {
                writer.WriteLine(line);
                line.Clear().Append(indent);
                used = indent.Length;
                empty = true;
            }

            line.Append(' ', empty ? 0 : blank).Append(word.Replace(Unbroken, ' '));
            used += word.Length + (empty ? 0 : blank);
            empty = false;
        }

        writer.WriteLine(line);
    }
}
