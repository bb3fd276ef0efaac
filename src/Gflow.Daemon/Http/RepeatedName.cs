using System.Text.Json;

namespace Gflow.Daemon.Http;

/// <summary>Finds a name that an object of a JSON text has twice, where it would be open which of the values is meant (RFC 8259, section 4).</summary>
internal static class RepeatedName
{
    /// <param name="json">Any bytes.</param>
    /// <returns>The first name found; null when there is none, or the text is no JSON up to there.</returns>
    public static string? Find(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var open = new Stack<HashSet<string>>();
        try
        {
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.StartObject:
                        open.Push([]);
                        break;
                    case JsonTokenType.EndObject:
                        open.Pop();
                        break;
                    case JsonTokenType.PropertyName when !open.Peek().Add(reader.GetString()!):
                        return reader.GetString();
                }
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Neither syntax nor encoding is what is looked for here.
        }

        return null;
    }
}
