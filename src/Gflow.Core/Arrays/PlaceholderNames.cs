using System.Text;

namespace Gflow.Core.Arrays;

/// <summary>Where <c>{name}</c> stands in a text, for declared names only. <c>${</c> begins what a shell expands, and never a placeholder.</summary>
internal sealed class PlaceholderNames(IEnumerable<string> names)
{
    private readonly HashSet<string> _names = [.. names];

    /// <returns>The name of the placeholder that begins there; null when none does.</returns>
    internal string? At(string text, int at)
    {
        if (text[at] != '{' || (at > 0 && text[at - 1] == '$'))
        {
            return null;
        }

        var length = text.AsSpan(at + 1, Math.Min(ParameterRules.LongestName + 1, text.Length - at - 1)).IndexOf('}');
        return length > 0 && _names.TryGetValue(text.Substring(at + 1, length), out var name) ? name : null;
    }

    /// <summary>The text with what each placeholder becomes, read once from left to right.</summary>
    internal string Replace(string text, Func<string, string> value)
    {
        var filled = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            if (At(text, at) is { } name)
            {
                filled.Append(value(name));
                at += name.Length + 2;
            }
            else
            {
                filled.Append(text[at++]);
            }
        }

        return filled.ToString();
    }
}
