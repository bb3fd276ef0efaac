using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gflow.Core.Contracts;

/// <summary>Reads a text that most items of a list have in common without making it anew for each.</summary>
internal sealed class RepeatedTextConverter : JsonConverter<string>
{
    private string? _last;

    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType != JsonTokenType.String ? throw new JsonException()
        : _last is { } last && reader.ValueTextEquals(last) ? last
        : _last = reader.GetString();

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
