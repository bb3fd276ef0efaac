using System.Buffers;
using System.Text;

namespace Gflow.Core.Text;

/// <summary>Words of a POSIX shell: splitting them as it would (without expansions) and quoting them so that it reads them back unchanged.</summary>
public static class ShellText
{
    private static readonly SearchValues<char> Bare =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=/,.+:@%^");

    /// <summary>Splits at blanks; single quotes, double quotes and backslashes protect, and nothing is expanded.</summary>
    /// <returns>The words, or a problem <c>unclosed_quote</c>.</returns>
    public static Result<IReadOnlyList<string>> Split(string text)
    {
        List<string> words = [];
        var word = new StringBuilder();
        var inWord = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            switch (c)
            {
                case ' ' or '\t' or '\r' or '\n':
                    if (inWord)
                    {
                        words.Add(word.ToString());
                        word.Clear();
                        inWord = false;
                    }

                    break;
                case '\'' or '"':
                    inWord = true;
                    i = Quoted(text, i, word);
                    if (i < 0)
                    {
                        return new Problem(ProblemCode.UnclosedQuote, $"a {(c == '"' ? "double" : "single")} quote is opened and never closed");
                    }

                    break;
                case '\\' when i + 1 < text.Length:
                    inWord = true;
                    word.Append(text[++i]);
                    break;
                default:
                    inWord = true;
                    word.Append(c);
                    break;
            }
        }

        if (inWord)
        {
            words.Add(word.ToString());
        }

        return Result<IReadOnlyList<string>>.From(words);
    }

    /// <summary>One word as a shell must be given it: bare where that is safe, else in single quotes; bytes that are not UTF-8 (<see cref="ByteText"/>) as bash(1) writes them, <c>$'...'</c>.</summary>
    public static string Quote(string word)
    {
        if (!ByteText.IsUtf8(word))
        {
            return $"$'{string.Concat(ByteText.Bytes(word).Select(one => one is >= (byte)' ' and <= (byte)'~' and not ((byte)'\'' or (byte)'\\') ? $"{(char)one}" : $"\\{Convert.ToString(one, 8).PadLeft(3, '0')}"))}'";
        }

        if (word.Length > 0 && !word.AsSpan().ContainsAnyExcept(Bare))
        {
            return word;
        }

        return $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }

    /// <summary>Words as one shell text.</summary>
    public static string Join(IEnumerable<string> words) => string.Join(' ', words.Select(Quote));

    /// <returns>The index of the closing quote; -1 when there is none.</returns>
    private static int Quoted(string text, int open, StringBuilder word)
    {
        var quote = text[open];
        for (var i = open + 1; i < text.Length; i++)
        {
            if (text[i] == quote)
            {
                return i;
            }

            // Inside double quotes a backslash protects only these; elsewhere it is a character like any other.
            if (quote == '"' && text[i] == '\\' && i + 1 < text.Length && text[i + 1] is ('"' or '\\' or '$' or '`'))
            {
                i++;
            }

            word.Append(text[i]);
        }

        return -1;
    }
}
