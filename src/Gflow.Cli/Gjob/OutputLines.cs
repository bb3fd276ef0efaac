namespace Gflow.Cli.Gjob;

/// <summary>
/// Where lines of a job's output begin. As people see them, a carriage return ends a line too, so that each step of a progress bar is a line;
/// as bytes, only a line feed does.
/// </summary>
internal sealed class OutputLines(bool raw)
{
    private bool _atStart = true;
    private bool _hasText;
    private bool _hasReturned;

    /// <summary>Whether this byte, which follows those given before, is the first of a line.</summary>
    internal bool Begins(byte next)
    {
        if (next == '\r' && !raw)
        {
            // What follows tells whether it ends a line: before a line feed it is a part of that, and nothing is no line.
            _hasReturned = true;
            return false;
        }

        if (_hasReturned && next != '\n' && _hasText)
        {
            _atStart = true;
        }

        var begins = _atStart;
        _hasReturned = false;
        _atStart = next == '\n';
        _hasText = !_atStart;
        return begins;
    }
}
