using System.Text;

namespace Gflow.Tests.Fuzz;

/// <summary>Makes new inputs of known ones by changes that parsers are known to trip over.</summary>
/// <param name="corpus">Inputs to begin with.</param>
/// <param name="words">What the language at hand is made of.</param>
internal sealed class Mutator(IReadOnlyList<byte[]> corpus, IReadOnlyList<string> words)
{
    private const int LongestInput = 16 * 1024;
    private const int MostChanges = 5;
    private const int MostRepeats = 200;

    private static readonly byte[][] Broken =
    [
        [0], [0x1B], [0x7F], [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xEF, 0xBB, 0xBF], [0xFF, 0xFF, 0xFF, 0xFF],
    ];

    private static readonly string[] Odd =
    [
        "\r\n", "\n", "\t", "\u0085", "\u00A0", "\u2028", "\u202E", "٣", "é", "İ", "😀", "\\u0000", "\\ud800", "%00", "%", "\"", "'", "\\",
        "-1", "+1", "0", "00", "1e999", "0x10", "255", "256", "2147483648", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808",
        "18446744073709551616", "99999999999999999999999999", "0.5", "NaN", "null", "true", "[]", "{}", "[", "{", "]", "}", ",", ";", ":", "=", "*", "~", "@", "#",
    ];

    private readonly byte[][] _pieces = [.. Broken, .. Odd.Concat(words).Select(Encoding.UTF8.GetBytes)];

    /// <summary>The next input; the same random numbers make the same one.</summary>
    public byte[] Make(Random random)
    {
        var input = new List<byte>(Pick(corpus, random));
        for (var changes = random.Next(1, MostChanges + 1); changes > 0; changes--)
        {
            Change(input, random);
        }

        return input.Count <= LongestInput ? [.. input] : [.. input.Take(LongestInput)];
    }

    private void Change(List<byte> input, Random random)
    {
        var (at, count) = Slice(input, random);
        switch (random.Next(9))
        {
            case 0 when count > 0:
                input[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when count > 0:
                input[at] = (byte)random.Next(256);
                break;
            case 2:
                input.RemoveRange(at, count);
                break;
            case 3:
                input.RemoveRange(at, input.Count - at);
                break;
            case 4:
                input.InsertRange(at, input.GetRange(at, count));
                break;
            case 5:
                input.InsertRange(at, Enumerable.Repeat(Pick(_pieces, random), random.Next(2, MostRepeats)).SelectMany(piece => piece));
                break;
            case 6:
                var other = new List<byte>(Pick(corpus, random));
                var (from, length) = Slice(other, random);
                input.InsertRange(at, other.GetRange(from, length));
                break;
            case 7:
                Number(input, at, random);
                break;
            default:
                input.InsertRange(at, Pick(_pieces, random));
                break;
        }
    }

    /// <summary>Puts something else in the place of the next digits.</summary>
    private void Number(List<byte> input, int at, Random random)
    {
        var first = input.FindIndex(at, static c => char.IsAsciiDigit((char)c));
        if (first < 0)
        {
            return;
        }

        var end = input.FindIndex(first, static c => !char.IsAsciiDigit((char)c));
        input.RemoveRange(first, (end < 0 ? input.Count : end) - first);
        input.InsertRange(first, Pick(_pieces, random));
    }

    private static (int At, int Count) Slice(List<byte> input, Random random)
    {
        var at = random.Next(input.Count + 1);
        return (at, random.Next(input.Count - at + 1));
    }

    private static T Pick<T>(IReadOnlyList<T> items, Random random) => items[random.Next(items.Count)];
}
