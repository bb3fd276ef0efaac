using System.Text;
using Gflow.Core.Text;
using System.Text.Json;

namespace Gflow.Daemon.Notifications;

/// <summary>
/// The words of a peer, made fit for logs and the store. A peer may send back what it was given, so everything secret we gave it is
/// masked, also in the spellings that answers commonly use.
/// </summary>
internal sealed class PeerWords
{
    /// <summary>Longest text kept, in characters.</summary>
    public const int Longest = 300;

    // Shorter values can hardly be credentials, and masking them would only shred the text.
    private const int Shortest = 4;

    private readonly IReadOnlyList<string> _secrets;

    public PeerWords(IEnumerable<string> secrets) =>
        _secrets = [.. secrets.SelectMany(Spellings).Where(text => text.Length >= Shortest).Distinct().OrderByDescending(text => text.Length)];

    /// <summary>Everything in the address of a webhook that could be a credential: many services put the key into the path.</summary>
    public static IEnumerable<string> PartsOf(Uri url)
    {
        yield return url.OriginalString;
        yield return url.AbsoluteUri;
        yield return url.PathAndQuery;
        yield return url.UserInfo;
        yield return Uri.UnescapeDataString(url.UserInfo);

        // As basic authentication has it when there is no password.
        yield return $"{Uri.UnescapeDataString(url.UserInfo)}:";
        foreach (var part in $"{url.UserInfo}/{url.PathAndQuery}/{url.Fragment}".Split(['/', '?', '&', '=', ':', '#']))
        {
            yield return part;
        }
    }

    /// <summary>A header's value as a whole, and its parts: <c>Bearer TOKEN</c>, or what <c>Basic</c> hides.</summary>
    public static IEnumerable<string> PartsOfHeader(string value)
    {
        yield return value;
        foreach (var part in value.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1))
        {
            yield return part;
            var decoded = new byte[part.Length];
            if (Convert.TryFromBase64String(part, decoded, out var length))
            {
                var pair = Encoding.UTF8.GetString(decoded, 0, length);
                yield return pair;
                yield return pair[(pair.IndexOf(':') + 1)..];
            }
        }
    }

    /// <returns>One line of at most <see cref="Longest"/> characters; null when nothing readable is left.</returns>
    public string? Clean(string words)
    {
        // Masked before anything is cut or folded, or half a secret could slip through.
        foreach (var secret in _secrets)
        {
            words = words.Replace(secret, "***", StringComparison.OrdinalIgnoreCase);
        }

        var line = new StringBuilder();
        foreach (var rune in words.EnumerateRunes())
        {
            if (SafeText.IsUnsafe(rune) || Rune.IsWhiteSpace(rune))
            {
                if (line.Length > 0 && line[^1] != ' ')
                {
                    line.Append(' ');
                }
            }
            else
            {
                line.Append(rune);
            }

            // With room for a rune of two characters that came last, and for the sign.
            if (line.Length >= Longest - 2)
            {
                line.Append('…');
                break;
            }
        }

        var text = line.ToString().Trim();
        return text.Length > 0 ? text : null;
    }

    private static IEnumerable<string> Spellings(string secret) =>
    [
        secret,
        Uri.EscapeDataString(secret),
        Uri.UnescapeDataString(secret),
        JsonEncodedText.Encode(secret).ToString(),
        Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)),
    ];
}
