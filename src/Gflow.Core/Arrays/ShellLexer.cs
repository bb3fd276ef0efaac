using System.Text;

namespace Gflow.Core.Arrays;

/// <summary>
/// Reads a command as bash(1) does, as far as it must to know where each placeholder stands: what quotes are open, in which brackets,
/// in which word of which command. It expands nothing, and what it is not certain of it says (<see cref="ShellDoubt"/>).
/// </summary>
/// <param name="nesting">How many shells read it before.</param>
internal sealed partial class ShellLexer(string text, PlaceholderNames names, int nesting)
{
    /// <summary>Each shell within a shell is quoted once more, and every quote of it with it.</summary>
    private const int MostNesting = 5;

    private readonly List<ShellPiece> _pieces = [];
    private readonly StringBuilder _literal = new();
    private ShellFrame _frame = new();

    /// <summary>Of the brackets around.</summary>
    private ShellDoubt? _doubt;

    /// <summary>Of everything from here on.</summary>
    private ShellDoubt? _lost = ShellCodeRules.EvaluatesAll().IsMatch(text) ? ShellDoubt.Variable : null;

    private int _at;
    private int _depth;
    private bool _readsCode;

    internal ShellTemplate Read()
    {
        while (!AtEnd)
        {
            Step();
        }

        EndCommand();
        Flush();
        if (_readsCode)
        {
            Doubt(0, _pieces.Count, ShellDoubt.Code);
        }

        return new ShellTemplate(_pieces);
    }

    private bool AtEnd => _at >= text.Length;

    private char Peek(int ahead = 0) => _at + ahead < text.Length ? text[_at + ahead] : '\0';

    private void Step()
    {
        switch (Peek())
        {
            case ' ' or '\t':
                EndWord();
                Take();
                break;
            case '\n':
                EndCommand();
                Take();
                HereDocuments();
                break;
            case '&' when Peek(1) == '>':
                EndWord();
                Take();
                break;
            case ';' or '&' or '|':
                EndCommand();
                Take();
                break;
            case '(':
                Open();
                break;
            case ')':
                // Behind the pattern of a case; any other is nobody's.
                Lose(_frame.OpenCases == 0);
                EndCommand();
                Take();
                break;
            case '<' or '>':
                Redirect();
                break;
            case '#' when _frame.Word is null:
                Comment();
                break;
            default:
                WordPart();
                break;
        }
    }

    private void Open()
    {
        var isFirst = _frame.AtCommand;
        if (_frame.Word is null && Peek(1) == '(' && (isFirst || _frame.Words is [{ Text: "for" }]))
        {
            Flush();
            Brackets(2, '(', ')', ShellDoubt.Arithmetic, doubled: true);
            EndCommand();
            return;
        }

        var isArray = _frame.Word is { AssignsTo: not null } word && text[_at - 1] == '=';
        if (_frame.Word is { } begun)
        {
            begun.IsLiteral = false;
        }

        Nested(1, isArray);
        if (!isArray && (isFirst || _frame.Word is null))
        {
            EndCommand();
        }
    }

    /// <summary>Commands in round brackets, or the values of an array.</summary>
    private void Nested(int opening, bool isArray = false)
    {
        Take(opening);
        Flush();
        var start = _pieces.Count;
        var (outer, outerDoubt) = (_frame, _doubt);

        // Within $( ) bash 5.2 reads the values of an array twice, and 'a$' the second time as the beginning of $'...'.
        _doubt ??= isArray && _depth > 0 ? ShellDoubt.Unclear : null;
        _frame = new ShellFrame { IsArray = isArray, IsTest = outer.IsTest };
        Descend();
        while (!AtEnd && !(Peek() == ')' && _frame.OpenCases == 0))
        {
            Step();
        }

        EndCommand();
        _depth--;
        (_frame, _doubt) = (outer, outerDoubt);
        Close(start);
    }

    private void Descend()
    {
        // Deeper than any command is, and as deep as the stack may safely get.
        const int Deepest = 200;
        if (++_depth > Deepest)
        {
            Lose(true);
            Opaque(text.Length, ShellDoubt.Unclear);
        }
    }

    /// <summary>Takes the closing character; where there is none, all since the opening is in doubt.</summary>
    private void Close(int start)
    {
        if (!AtEnd)
        {
            Take();
            return;
        }

        Flush();
        Doubt(start, _pieces.Count, ShellDoubt.Unclosed);
    }

    private void Comment()
    {
        Lose(_frame.IsTest);
        var end = text.IndexOf('\n', _at);
        Opaque(end < 0 ? text.Length : end, ShellDoubt.Comment);
    }

    /// <summary>Text that is not looked into, but for placeholders.</summary>
    private void Opaque(int end, ShellDoubt doubt, string? endOfDocument = null)
    {
        var outer = _doubt;
        _doubt ??= doubt;
        while (_at < end)
        {
            if (!Hole(ShellQuotes.None, endOfDocument))
            {
                Take();
            }
        }

        _doubt = outer;
    }

    private void StartWord()
    {
        if (_frame.Word is null)
        {
            Flush();
            _frame.Word = new ShellWord(_pieces.Count) { IsRedirect = _frame.NextIsRedirect };
            _frame.NextIsRedirect = false;
        }
    }

    private void EndWord()
    {
        if (_frame.Word is not { } word)
        {
            return;
        }

        Flush();
        word.End = _pieces.Count;
        word.Doubt ??= _frame.IsTest ? ShellDoubt.Test : null;
        _frame.Word = null;
        if (word.Doubt is { } doubt)
        {
            Doubt(word.First, word.End, doubt);
        }

        _frame.Take(word);
    }

    private void EndCommand()
    {
        EndWord();
        _frame.NextIsRedirect = false;
        if (!_frame.IsArray && !_frame.IsTest)
        {
            _readsCode |= ShellCodeRules.Judge(_frame.Words);
            Apply(_frame.Words);
        }

        _frame.Clear();
    }

    /// <summary>From the last word to the first, as code is one piece where there were several.</summary>
    private void Apply(List<ShellWord> words)
    {
        foreach (var word in words.AsEnumerable().Reverse())
        {
            if (nesting == MostNesting && word.Code is not null)
            {
                word.Doubt ??= ShellDoubt.Code;
            }

            if (word is { Code: { } code, Doubt: null })
            {
                _pieces.RemoveRange(word.First, word.End - word.First);
                _pieces.InsertRange(word.First, code.Length == 0 ? [] : [new ShellPiece.Code(new ShellLexer(code, names, nesting + 1).Read())]);
                continue;
            }

            if (word.Doubt is { } doubt)
            {
                Doubt(word.First, word.End, doubt);
            }

            Change(word.First, word.End, hole => hole with { MayBeOption = hole.MayBeOption || word.MayBeOption, DecidesOnCode = hole.DecidesOnCode || word.DecidesOnCode });
        }
    }

    private void Doubt(int first, int end, ShellDoubt doubt) => Change(first, end, hole => hole with { Doubt = hole.Doubt ?? doubt });

    private void Change(int first, int end, Func<ShellHole, ShellHole> change)
    {
        for (var i = first; i < end; i++)
        {
            _pieces[i] = ShellTemplate.Changed(_pieces[i], change);
        }
    }

    /// <summary>From here on nothing is certain.</summary>
    private void Lose(bool isLost) => _lost ??= isLost ? ShellDoubt.Unclear : null;

    private void Take(int count = 1)
    {
        count = Math.Min(count, text.Length - _at);
        _literal.Append(text, _at, count);
        _at += count;
    }

    private void Flush()
    {
        if (_literal.Length > 0)
        {
            _pieces.Add(new ShellPiece.Literal(_literal.ToString()));
            _literal.Clear();
        }
    }
}
