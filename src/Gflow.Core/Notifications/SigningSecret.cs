namespace Gflow.Core.Notifications;

/// <summary>A key that webhooks are signed with, as Standard Webhooks writes it: <c>whsec_</c> and the base64 of 24 to 64 bytes.</summary>
public sealed class SigningSecret
{
    private const string Prefix = "whsec_";
    private const int FewestBytes = 24;
    private const int MostBytes = 64;

    private SigningSecret(byte[] key, DateTimeOffset? until)
    {
        Key = key;
        Until = until;
    }

    public ReadOnlyMemory<byte> Key { get; }

    /// <summary>From this instant on it signs no more; null for a key without an end.</summary>
    public DateTimeOffset? Until { get; }

    /// <summary>The key as it is written.</summary>
    public string Text => Prefix + Convert.ToBase64String(Key.Span);

    /// <summary>Reads a key.</summary>
    /// <returns>The key, or a problem whose message holds no part of the text.</returns>
    public static Result<SigningSecret> Parse(string text, DateTimeOffset? until = null)
    {
        text = text.Trim();
        if (!text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return No($"a signing secret begins with {Prefix}");
        }

        var encoded = text[Prefix.Length..];
        var key = new byte[encoded.Length];
        if (encoded.Any(char.IsWhiteSpace) || !Convert.TryFromBase64String(encoded, key, out var length))
        {
            return No($"what follows {Prefix} is not base64");
        }

        return length is >= FewestBytes and <= MostBytes
            ? new SigningSecret(key[..length], until)
            : No($"the key has {length} bytes, and {FewestBytes} to {MostBytes} are right");
    }

    private static Problem No(string why) => new(ProblemCode.InvalidSecret, why);
}
