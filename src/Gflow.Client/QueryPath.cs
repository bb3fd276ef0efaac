using System.Text;

namespace Gflow.Client;

/// <summary>A path with a query, of those parameters that are set.</summary>
internal sealed class QueryPath(string path)
{
    private readonly StringBuilder _text = new(path);
    private char _mark = '?';

    /// <param name="value">Null, or empty, to leave it out.</param>
    internal QueryPath With(string key, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            _text.Append(_mark).Append(key).Append('=').Append(Uri.EscapeDataString(value));
            _mark = '&';
        }

        return this;
    }

    public override string ToString() => _text.ToString();
}
