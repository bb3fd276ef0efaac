namespace Gflow.Core.Text;

/// <summary>Types of GPUs as people write them, held against the names that makers give their models.</summary>
public static class GpuTypeText
{
    /// <summary>
    /// Whether each part of <paramref name="type"/> (letters and digits between other characters) is a word of the model's name, or
    /// several neighbouring ones written together, in their order. <c>a100</c> and <c>a100-80gb</c> are <c>NVIDIA A100-SXM4-80GB</c>,
    /// <c>a10</c> is not; <c>rtx3090</c> and <c>3090</c> are <c>NVIDIA GeForce RTX 3090</c>. Case does not matter.
    /// </summary>
    public static bool Matches(string model, string type)
    {
        var words = Words(model);
        var at = 0;
        foreach (var part in Words(type))
        {
            at = After(words, part, at);
            if (at < 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether there is anything in a type that a name can be held against.</summary>
    public static bool IsType(string text) => text.Any(char.IsAsciiLetterOrDigit);

    /// <returns>The position behind the words that make up <paramref name="part"/>, from <paramref name="at"/> on; below 0 when there are none.</returns>
    private static int After(List<string> words, string part, int at)
    {
        for (var first = at; first < words.Count; first++)
        {
            var rest = part.AsSpan();
            for (var next = first; next < words.Count && rest.StartsWith(words[next], StringComparison.OrdinalIgnoreCase); next++)
            {
                rest = rest[words[next].Length..];
                if (rest.IsEmpty)
                {
                    return next + 1;
                }
            }
        }

        return -1;
    }

    private static List<string> Words(string text)
    {
        List<string> words = [];
        for (var start = 0; start < text.Length;)
        {
            var end = start;
            while (end < text.Length && char.IsAsciiLetterOrDigit(text[end]))
            {
                end++;
            }

            if (end > start)
            {
                words.Add(text[start..end]);
            }

            start = end + 1;
        }

        return words;
    }
}
