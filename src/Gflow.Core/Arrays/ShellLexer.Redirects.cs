using System.Text;

namespace Gflow.Core.Arrays;

/// <summary>Redirections, and the documents that follow the line of some.</summary>
internal sealed partial class ShellLexer
{
    private readonly List<Document> _pending = [];

    private void Redirect()
    {
        if (Peek(1) == '(')
        {
            StartWord();
            _frame.Word!.IsLiteral = false;
            Nested(2);
            return;
        }

        if (_frame.Word is { HasHoles: false, IsLiteral: true, IsQuoted: false } number && number.Decoded.ToString().All(char.IsAsciiDigit))
        {
            number.Decoded.Clear();
            _frame.Word = null;
        }

        EndWord();
        if (Peek() == '<' && Peek(1) == '<' && Peek(2) != '<')
        {
            Take(2);
            Delimiter();
            return;
        }

        Take(Peek(1) == '<' && Peek(2) == '<' ? 3 : (Peek(), Peek(1)) is ('>', '>' or '|' or '&') or ('<', '>' or '&') ? 2 : 1);
        _frame.NextIsRedirect = true;
    }

    private void Delimiter()
    {
        var stripsTabs = Peek() == '-';
        Take(stripsTabs ? 1 : 0);
        while (Peek() is ' ' or '\t')
        {
            Take();
        }

        var end = new StringBuilder();
        var isQuoted = false;
        while (!AtEnd && !" \t\n;&|<>()".Contains(Peek()))
        {
            if (Peek() is '$' or '`' or '{' or '#' || (Peek() == '\\' && Peek(1) is '\n' or '\0'))
            {
                Lose(true);
                return;
            }

            isQuoted |= Peek() is '\'' or '"' or '\\';
            DelimiterPart(end);
        }

        // Within brackets bash ends a document at other lines too.
        Lose(_depth > 0 || end.Length == 0);
        _pending.Add(new Document(end.ToString(), stripsTabs, isQuoted));
    }

    private void DelimiterPart(StringBuilder end)
    {
        var quote = Peek();
        if (quote is '\'' or '"')
        {
            var close = text.IndexOf(quote, _at + 1);
            Lose(close < 0 || text.AsSpan(_at + 1, close - _at - 1).ContainsAny("\n\\$`{"));
            end.Append(text.AsSpan(_at + 1, Math.Max(0, close - _at - 1)));
            Take(close < 0 ? text.Length : close + 1 - _at);
            return;
        }

        Take(quote == '\\' ? 1 : 0);
        end.Append(Peek());
        Take();
    }

    private void HereDocuments()
    {
        foreach (var document in _pending)
        {
            while (!AtEnd && !DocumentLine(document))
            {
            }
        }

        _pending.Clear();
    }

    /// <returns>Whether the document is over.</returns>
    private bool DocumentLine(Document document)
    {
        var line = text.IndexOf('\n', _at) is >= 0 and var found ? text[_at..found] : text[_at..];
        var shown = document.StripsTabs ? line.TrimStart('\t') : line;
        var isOver = shown == document.End;

        // A line that goes on in the next may end the document together with it.
        Lose(!document.IsQuoted && line.EndsWith('\\'));
        var rest = names.Replace(shown, _ => "");
        Opaque(_at + line.Length, ShellDoubt.HereDocument, rest.All(document.End.Contains) ? document.End : null);
        Take(AtEnd ? 0 : 1);
        return isOver;
    }

    private sealed record Document(string End, bool StripsTabs, bool IsQuoted);
}
