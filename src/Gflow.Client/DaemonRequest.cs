using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gflow.Core.Contracts;

namespace Gflow.Client;

/// <summary>What the daemon is asked, in as many messages as it takes.</summary>
/// <param name="Path">With its query, without the first slash.</param>
/// <param name="Body">JSON; null for none.</param>
/// <param name="Key">By which the daemon knows repeats of a request that changes something; null when it changes nothing.</param>
internal sealed record DaemonRequest(HttpMethod Method, string Path, byte[]? Body, string? Key)
{
    internal static DaemonRequest Get(string path) => new(HttpMethod.Get, path, null, null);

    internal static DaemonRequest Post<T>(string path, T body, JsonTypeInfo<T> type) =>
        Change(HttpMethod.Post, path, JsonSerializer.SerializeToUtf8Bytes(body, type));

    /// <summary>A request that changes something, with a key of its own. Keys begin with the time, so that the daemon finds those of a day side by side (RFC 9562, version 7).</summary>
    internal static DaemonRequest Change(HttpMethod method, string path, byte[]? body = null) => new(method, path, body, Guid.CreateVersion7().ToString());

    /// <summary>The same bytes every time.</summary>
    internal HttpRequestMessage Message()
    {
        var message = new HttpRequestMessage(Method, new Uri($"http://localhost/{Path}"));
        if (Key is not null)
        {
            message.Headers.TryAddWithoutValidation(WireHeaders.IdempotencyKey, Key);
        }

        if (Body is not null)
        {
            message.Content = new ByteArrayContent(Body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        return message;
    }
}
