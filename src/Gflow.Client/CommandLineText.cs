using System.Globalization;
using System.Text.Unicode;
using Gflow.Core;
using Gflow.Core.Text;

namespace Gflow.Client;

/// <summary>The words this process was started with, which the system hands over as bytes.</summary>
public static class CommandLineText
{
    private const char Replacement = '\uFFFD';

    /// <summary>Looks for a word that is no UTF-8 text: the runtime puts U+FFFD where it cannot be read, and would have another file or command be meant.</summary>
    /// <param name="words">The arguments as the runtime gives them.</param>
    /// <param name="read">All words as bytes, the program's first, each with a NUL after it: <c>/proc/self/cmdline</c> (proc(5)).</param>
    /// <returns>What is wrong; null when all of it is text.</returns>
    public static Problem? Fault(IReadOnlyList<string> words, Func<byte[]> read)
    {
        for (var i = 0; i < words.Count; i++)
        {
            if (words[i].Contains(Replacement, StringComparison.Ordinal) && !IsText(Word(read(), i + 1)))
            {
                return new("not_utf8", string.Create(CultureInfo.InvariantCulture,
                    $"argument {i + 1} (\"{SafeText.Line(words[i])}\") is not UTF-8 text; write it in UTF-8, or rename the file it names"));
            }
        }

        return null;
    }

    /// <summary><see cref="Fault(IReadOnlyList{string}, Func{byte[]})"/> of this process.</summary>
    public static Problem? Fault(IReadOnlyList<string> words) => Fault(words, static () => File.ReadAllBytes("/proc/self/cmdline"));

    private static ReadOnlySpan<byte> Word(ReadOnlySpan<byte> all, int index)
    {
        for (; index > 0; index--)
        {
            all = all[(all.IndexOf((byte)0) + 1)..];
        }

        return all[..all.IndexOf((byte)0)];
    }

    private static bool IsText(ReadOnlySpan<byte> word) => Utf8.IsValid(word);
}
