namespace Gflow.Client.Configuration;

/// <summary>Measures how deep a TOML text nests, without recursion: the parser recurses, and a text of brackets or dots must not end the process.</summary>
internal static class TomlDepth
{
    /// <summary>Far deeper than any key there is.</summary>
    private const int Deepest = 32;

    /// <summary>The line (from 0) where brackets, braces or dotted names first nest too deep; null when nowhere.</summary>
    public static int? FirstTooDeep(string text)
    {
        var (line, brackets, dots) = (0, 0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\n':
                    (line, dots) = (line + 1, 0);
                    break;
                case '#':
                    i = Before(text, text.IndexOf('\n', i));
                    break;
                case '"' or '\'':
                    var end = EndOfText(text, i);
                    line += text.AsSpan(i, end - i).Count('\n');
                    i = end - 1;
                    break;
                case '[' or '{':
                    brackets++;
                    break;
                case ']' or '}':
                    brackets = Math.Max(0, brackets - 1);
                    break;
                case '=' or ',':
                    dots = 0;
                    break;
                case '.':
                    dots++;
                    break;
            }

            if (brackets > Deepest || dots > Deepest)
            {
                return line;
            }
        }

        return null;
    }

    /// <summary>The index after the quoted text that begins at <paramref name="start"/>; a text in single quotes knows no escapes, one without its end ends with its line.</summary>
    private static int EndOfText(string text, int start)
    {
        var quote = text[start];
        var tripled = text.AsSpan(start).StartsWith([quote, quote, quote]);
        for (var i = start + (tripled ? 3 : 1); i < text.Length; i++)
        {
            if (text[i] == '\\' && quote == '"')
            {
                i++;
            }
            else if (!tripled && text[i] == '\n')
            {
                return i;
            }
            else if (tripled ? text.AsSpan(i).StartsWith([quote, quote, quote]) : text[i] == quote)
            {
                return i + (tripled ? 3 : 1);
            }
        }

        return text.Length;
    }

    private static int Before(string text, int lineBreak) => (lineBreak < 0 ? text.Length : lineBreak) - 1;
}
