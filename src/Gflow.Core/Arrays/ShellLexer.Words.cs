namespace Gflow.Core.Arrays;

/// <summary>Within a word: quotes, expansions and placeholders.</summary>
internal sealed partial class ShellLexer
{
    private void WordPart()
    {
        if (Peek() == '\\' && Peek(1) == '\n')
        {
            // A comment behind it may be one or not.
            Take(2);
            Lose(Peek() == '#');
            return;
        }

        StartWord();
        var word = _frame.Word!;
        switch (Peek())
        {
            case '\\':
                Escaped(word);
                break;
            case '\'':
                SingleQuoted(word);
                break;
            case '"':
                DoubleQuoted(word);
                break;
            case '`':
                Backticks(word);
                break;
            case '$':
                Dollar(word, inDouble: false);
                return;
            case '[' when _frame.AtCommand && IsName(word):
                word.IsLiteral = false;
                word.Doubt ??= ShellDoubt.Subscript;
                Brackets(1, '[', ']', ShellDoubt.Subscript);
                break;
            case '{' when Hole(ShellQuotes.None):
                break;
            default:
                Plain(word);
                break;
        }

        word.EndsInName = false;
    }

    private void Plain(ShellWord word)
    {
        var c = Peek();
        if (c == '=' && word.AssignsTo is null && MayAssign(word))
        {
            word.AssignsTo = word.Decoded.ToString().TrimEnd('+');
        }

        if (c == '[' && _frame.IsArray && word.Decoded.Length == 0)
        {
            word.Doubt ??= ShellDoubt.Subscript;
        }

        // A brace or bracket that stands alone is a command or a keyword.
        word.HasPattern |= c is '{' or '[';
        word.IsLiteral &= c is not ('*' or '?' or '~') && !(c is '{' or '[' && Peek(1) is not (' ' or '\n' or '\t' or '['));
        Both(word, 1);
    }

    private bool MayAssign(ShellWord word) => !_frame.IsArray && !_frame.IsTest && !word.IsQuoted && !word.HasHoles && word.IsLiteral
        && Placeholders.IsIdentifier(word.Decoded.ToString() is [.. var name, '+'] ? name : word.Decoded.ToString());

    private static bool IsName(ShellWord word) => word.HasHoles || !word.IsLiteral || Placeholders.IsIdentifier(word.Decoded.ToString());

    private void Escaped(ShellWord word)
    {
        word.IsQuoted = true;
        Take();
        if (AtEnd)
        {
            Lose(true);
            return;
        }

        Both(word, 1);
    }

    private void SingleQuoted(ShellWord word)
    {
        word.IsQuoted = true;
        Take();
        var start = Mark();
        while (!AtEnd && Peek() != '\'')
        {
            if (!Hole(ShellQuotes.Single))
            {
                Both(word, 1);
            }
        }

        Close(start);
    }

    private void DoubleQuoted(ShellWord word)
    {
        word.IsQuoted = true;
        word.EndsInName = false;
        Take();
        var start = Mark();
        while (!AtEnd && Peek() != '"')
        {
            switch (Peek())
            {
                case '\\':
                    EscapedInDouble(word);
                    break;
                case '$':
                    Dollar(word, inDouble: true);
                    continue;
                case '`':
                    Backticks(word);
                    break;
                case '{' when Hole(ShellQuotes.Double):
                    break;
                default:
                    Both(word, 1);
                    break;
            }

            word.EndsInName = false;
        }

        Close(start);
    }

    private void EscapedInDouble(ShellWord word)
    {
        if (Peek(1) is '$' or '`' or '"' or '\\')
        {
            Take();
            Both(word, 1);
        }
        else if (Peek(1) == '\n')
        {
            Take(2);
        }
        else
        {
            // Doubled before a placeholder, as it would escape the first character of the value.
            _literal.Append(Peek(1) != '\0' && names.At(text, _at + 1) is not null ? "\\" : "");
            Both(word, 1);
        }
    }

    private void Backticks(ShellWord word)
    {
        word.IsLiteral = false;
        Take();
        var start = Mark();
        var end = _at;
        while (end < text.Length && text[end] != '`')
        {
            end += text[end] == '\\' ? 2 : 1;
        }

        Opaque(Math.Min(end, text.Length), ShellDoubt.Backticks);
        Close(start);
    }

    private void Dollar(ShellWord word, bool inDouble)
    {
        word.EndsInName = false;
        switch (Peek(1))
        {
            case '(' when Peek(2) == '(':
                word.IsLiteral = false;
                Brackets(3, '(', ')', ShellDoubt.Arithmetic, doubled: true);
                break;
            case '(':
                word.IsLiteral = false;
                Nested(2);
                break;
            case '{':
                word.IsLiteral = false;
                Lose(Peek(2) is ' ' or '\t' or '\n' or '|');
                Brackets(2, '\0', '}', ShellDoubt.Expansion, isInDouble: inDouble);
                break;
            case '[':
                word.IsLiteral = false;
                Brackets(2, '[', ']', ShellDoubt.Arithmetic);
                break;
            case '\'' when !inDouble:
                AnsiC(word);
                break;
            case '"' when !inDouble:
                word.IsLiteral = false;
                Take();
                break;
            default:
                Variable(word);
                break;
        }
    }

    private void Variable(ShellWord word)
    {
        Take();
        var length = text.AsSpan(_at).IndexOfAnyExcept(ShellCharacters.OfNames);
        length = char.IsAsciiDigit(Peek()) ? 1 : length < 0 ? text.Length - _at : length;
        if (length > 0)
        {
            word.IsLiteral = false;
            word.EndsInName = true;
            Take(length);
        }
        else if (Peek() is '?' or '$' or '#' or '@' or '*' or '!' or '-')
        {
            word.IsLiteral = false;
            Take();
        }
        else
        {
            word.Decoded.Append('$');
        }
    }

    private void AnsiC(ShellWord word)
    {
        word.IsLiteral = false;
        word.IsQuoted = true;
        Take(2);
        var start = Mark();
        var end = _at;
        while (end < text.Length && text[end] != '\'')
        {
            end += text[end] == '\\' ? 2 : 1;
        }

        Opaque(Math.Min(end, text.Length), ShellDoubt.AnsiC);
        Close(start);
    }

    /// <summary>To the bracket that closes, quotes and expansions in it included; two brackets close what two have opened.</summary>
    private void Brackets(int opening, char open, char close, ShellDoubt doubt, bool doubled = false, bool isInDouble = false)
    {
        var outer = _doubt;
        _doubt ??= doubt;
        Take(opening);
        var start = Mark();
        StartWord();
        Descend();
        var depth = 0;
        while (!AtEnd && (Peek() != close || depth > 0))
        {
            depth += Peek() == open ? 1 : Peek() == close ? -1 : 0;
            Within(doubt, isInDouble);
        }

        Close(start);
        _depth--;
        _doubt = outer;
        if (doubled)
        {
            // One bracket alone: these were commands in brackets in brackets.
            Lose(Peek() != ')');
            Take(Peek() == ')' ? 1 : 0);
        }
    }

    private void Within(ShellDoubt doubt, bool isInDouble)
    {
        var word = _frame.Word!;
        switch (Peek())
        {
            case '\\':
                Take(2);
                break;
            case '\'':
                Lose(isInDouble || doubt == ShellDoubt.Arithmetic);
                SingleQuoted(word);
                break;
            case '"':
                DoubleQuoted(word);
                break;
            case '`':
                Backticks(word);
                break;
            case '$':
                Dollar(word, inDouble: isInDouble);
                break;
            case '{' when Hole(ShellQuotes.None):
                break;
            default:
                Take();
                break;
        }
    }

    /// <summary>Takes the placeholder that begins here, if one does.</summary>
    private bool Hole(ShellQuotes quotes, string? endOfDocument = null)
    {
        if (names.At(text, _at) is not { } name)
        {
            return false;
        }

        Flush();
        var word = _frame.Word;
        var end = _at + name.Length + 2;
        var next = end < text.Length ? text[end] : '\0';
        var isCommand = _frame.AtCommand && word is { IsRedirect: false };
        _pieces.Add(new ShellHole(name, quotes)
        {
            Doubt = _doubt ?? _lost,
            FollowsName = word?.EndsInName == true || ((_doubt ?? _lost) is not null && IsBehindName()),
            NeedsQuotes = next is '<' or '>' or '(' || (isCommand && AssignsBehind(end)),
            InPattern = word?.HasPattern == true,
            InCommandWord = isCommand,
            EndOfDocument = endOfDocument,
        });
        if (word is not null)
        {
            word.HasHoles = true;
            word.EndsInName = false;
            word.Decoded.Append(text, _at, end - _at);
        }

        _at = end;
        return true;
    }

    private bool AssignsBehind(int end)
    {
        var at = text.AsSpan(end).IndexOfAny(" \t\n=;");
        return at >= 0 && text[end + at] == '=';
    }

    /// <summary>The same from the text alone, for what is not looked into.</summary>
    private bool IsBehindName()
    {
        var before = text.AsSpan(0, _at).LastIndexOfAnyExcept(ShellCharacters.OfNames);
        return before >= 0 && before < _at - 1 && text[before] == '$';
    }

    private int Mark()
    {
        Flush();
        return _pieces.Count;
    }

    /// <summary>Takes characters that the shell takes for themselves.</summary>
    private void Both(ShellWord word, int count)
    {
        word.Decoded.Append(text, _at, count);
        Take(count);
    }
}
