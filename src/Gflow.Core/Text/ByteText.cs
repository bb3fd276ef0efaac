using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Gflow.Core.Text;

/// <summary>
/// What the system takes as bytes (arguments, variables, paths) as a text that keeps them all: each byte that is not UTF-8 is one low
/// surrogate, U+DC80 to U+DCFF (as in PEP 383). Whatever writes such a text as Unicode shows U+FFFD there; <see cref="Bytes"/> gives
/// the bytes back.
/// </summary>
public static class ByteText
{
    private const char Escape = '\uDC00';

    public static string Of(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        var text = new StringBuilder(bytes.Length);
        Span<char> pair = stackalloc char[2];
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var length) == OperationStatus.Done)
            {
                text.Append(pair[..rune.EncodeToUtf16(pair)]);
            }
            else
            {
                foreach (var one in bytes[..length])
                {
                    text.Append((char)(Escape + one));
                }
            }

            bytes = bytes[length..];
        }

        return text.ToString();
    }

    /// <summary>The bytes that <see cref="Of"/> was given; of any other text its UTF-8.</summary>
    public static byte[] Bytes(string text)
    {
        if (IsUtf8(text))
        {
            return Encoding.UTF8.GetBytes(text);
        }

        var bytes = new List<byte>(text.Length);
        Span<byte> encoded = stackalloc byte[4];
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var length) != OperationStatus.Done && IsEscape(rest[0]))
            {
                bytes.Add((byte)(rest[0] - Escape));
            }
            else
            {
                bytes.AddRange(encoded[..rune.EncodeToUtf8(encoded)]);
            }

            rest = rest[length..];
        }

        return [.. bytes];
    }

    /// <summary>Whether the bytes are UTF-8, and the text so the whole truth.</summary>
    public static bool IsUtf8(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (IsEscape(text[i]) && (i == 0 || !char.IsHighSurrogate(text[i - 1])))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsEscape(char c) => c is >= (char)(Escape + 0x80) and <= (char)(Escape + 0xFF);
}
