using System.Globalization;
using Gflow.Core;
using Gflow.Core.Text;

namespace Gflow.Client.Platform;

/// <summary>The words this process was started with, which the system hands over as bytes.</summary>
public static class CommandLineText
{
    private const char Replacement = '\uFFFD';

    /// <summary>The words with all their bytes (<see cref="ByteText"/>): the runtime puts U+FFFD where they are not UTF-8, and would have another file or command be meant.</summary>
    /// <param name="words">The arguments as the runtime gives them.</param>
    /// <param name="read">All words as bytes, the program's first, each with a NUL after it: <c>/proc/self/cmdline</c> (proc(5)).</param>
    public static IReadOnlyList<string> Read(IReadOnlyList<string> words, Func<byte[]> read)
    {
        if (!words.Any(word => word.Contains(Replacement, StringComparison.Ordinal)))
        {
            return words;
        }

        var all = ByteText.Of(read()).Split('\0');
        return all[(all.Length - 1 - words.Count)..^1];
    }

    /// <summary><see cref="Read(IReadOnlyList{string}, Func{byte[]})"/> of this process.</summary>
    public static IReadOnlyList<string> Read(IReadOnlyList<string> words) => Read(words, static () => File.ReadAllBytes("/proc/self/cmdline"));

    /// <summary>Looks for a word that is not UTF-8.</summary>
    /// <returns>What is wrong; null when all of it is text.</returns>
    public static Problem? Fault(IReadOnlyList<string> words)
    {
        for (var i = 0; i < words.Count; i++)
        {
            if (!ByteText.IsUtf8(words[i]))
            {
                return new(ProblemCode.NotUtf8, string.Create(CultureInfo.InvariantCulture,
                    $"argument {i + 1} (\"{SafeText.Line(words[i])}\") is not UTF-8 text; write it in UTF-8, or rename the file it names"));
            }
        }

        return null;
    }
}
