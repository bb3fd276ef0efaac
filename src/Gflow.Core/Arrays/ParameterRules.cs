using System.Text;

namespace Gflow.Core.Arrays;

/// <summary>What a parameter may be called, and what its values may be; the same wherever they come from.</summary>
public static class ParameterRules
{
    /// <summary>In characters.</summary>
    public const int LongestName = 128;

    /// <summary>In characters: half of what the system takes as one argument or variable.</summary>
    public const int LongestValue = 64 * 1024;

    /// <returns>What is wrong with the name, <c>invalid_parameter</c>; null when nothing is.</returns>
    public static Problem? CheckName(string name)
    {
        if (name.Length == 0 || name != name.Trim())
        {
            return No($"\"{name}\" cannot be the name of a parameter: write one without blanks around it, such as lr");
        }

        if (name.Length > LongestName)
        {
            return No($"the name of a parameter that begins \"{name[..32]}\" has {name.Length} characters: write at most {LongestName}");
        }

        return name.AsSpan().IndexOfAny('{', '}', '=') >= 0 || name.Any(char.IsControl) || !IsText(name)
            ? No($"\"{name}\" cannot be the name of a parameter: write one without {{, }}, = and control characters")
            : null;
    }

    /// <returns>What is wrong with a value of that parameter, <c>invalid_parameter</c>; null when nothing is.</returns>
    public static Problem? CheckValue(string name, string value)
    {
        if (value.Length > LongestValue)
        {
            return No($"a value of {name} has {value.Length} characters: write at most {LongestValue}, or put it into a file and write its name");
        }

        if (value.Contains('\0'))
        {
            return No($"a value of {name} has a zero byte, which no argument of a program can have: leave it out");
        }

        return IsText(value) ? null : No($"a value of {name} is not UTF-8: write it in UTF-8");
    }

    /// <summary>Half a surrogate pair is read as U+FFFD too, which stands where somebody has decoded what was no UTF-8.</summary>
    private static bool IsText(string text) => !text.EnumerateRunes().Contains(Rune.ReplacementChar);

    private static Problem No(string message) => new(ProblemCode.InvalidParameter, message, "parameters");
}
