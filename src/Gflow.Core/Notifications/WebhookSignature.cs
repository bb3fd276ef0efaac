using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gflow.Core.Notifications;

/// <summary>Signs messages by Standard Webhooks (https://www.standardwebhooks.com), so that a receiver can tell them from forged ones.</summary>
public static class WebhookSignature
{
    /// <summary>The value of <c>webhook-signature</c>: <c>v1,</c> and the base64 of HMAC-SHA256 over <c>ID.TIMESTAMP.BODY</c>, once for each key that has not ended.</summary>
    /// <param name="id">The value of <c>webhook-id</c>; it has no dot.</param>
    /// <param name="timestamp">The value of <c>webhook-timestamp</c>, Unix seconds.</param>
    /// <param name="body">What is sent, byte for byte.</param>
    /// <param name="secrets">The newest first.</param>
    /// <param name="now">Decides which keys have ended.</param>
    /// <returns>Null when no key is left to sign with.</returns>
    public static string? Of(string id, long timestamp, ReadOnlySpan<byte> body, IEnumerable<SigningSecret> secrets, DateTimeOffset now)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")), .. body];
        var signatures = secrets
            .Where(secret => secret.Until is not { } end || now < end)
            .Select(secret => "v1," + Convert.ToBase64String(HMACSHA256.HashData(secret.Key.Span, signed)))
            .ToList();
        return signatures.Count == 0 ? null : string.Join(' ', signatures);
    }
}
