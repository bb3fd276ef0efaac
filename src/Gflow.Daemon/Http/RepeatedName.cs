using System.Text.Json;

namespace Gflow.Daemon.Http;

/// <summary>Finds a name that an object of a JSON text has twice, where it would be open which of the values is meant (RFC 8259, section 4).</summary>
internal static class RepeatedName
{
    /// <param name="json">Any bytes.</param>
    /// <returns>The first name found, and its path such as <c>environment.HOME</c>; null when there is none, or the text is no JSON up to there.</returns>
    public static (string Name, string Path)? Find(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var open = new Stack<Level>();
        try
        {
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        open.Push(new(open.TryPeek(out var outer) ? outer.Next() : "", reader.TokenType == JsonTokenType.StartObject ? [] : null));
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        open.Pop();
                        break;
                    case JsonTokenType.PropertyName when !open.Peek().Add(reader.GetString()!):
                        return (open.Peek().Name, open.Peek().Next());
                    case not JsonTokenType.PropertyName when open.TryPeek(out var array):
                        array.Pass();
                        break;
                }
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Neither syntax nor encoding is what is looked for here.
        }

        return null;
    }

    /// <summary>An object or array that is being read.</summary>
    /// <param name="names">Of an object.</param>
    private sealed class Level(string path, HashSet<string>? names)
    {
        private int _index;

        /// <summary>The name that was read last.</summary>
        public string Name { get; private set; } = "";

        public bool Add(string name) => names!.Add(Name = name);

        /// <summary>Passes a value that has no names.</summary>
        public void Pass() => _index++;

        /// <summary>The path of the value that comes now.</summary>
        public string Next() => names is null ? $"{path}[{_index++}]" : path.Length > 0 ? $"{path}.{Name}" : Name;
    }
}
