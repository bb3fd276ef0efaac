using System.Buffers;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Gflow.Daemon.Http;

/// <summary>
/// Reads large values into memory of their own, if at all. The library works on them in buffers that the whole process shares, which
/// then keep as many megabytes as the largest had, on each thread that has read one.
/// </summary>
internal static class LargeValues
{
    /// <summary>Bytes of JSON; what the shared buffers keep of smaller ones is not worth a second way of reading.</summary>
    public const int Large = 64 << 10;

    private static readonly ConcurrentDictionary<JsonTypeInfo, JsonTypeInfo> Readers = [];

    /// <returns>The same type, with its texts and bytes read in this way.</returns>
    public static JsonTypeInfo<T> Reader<T>(JsonTypeInfo<T> type) => (JsonTypeInfo<T>)Readers.GetOrAdd(type, static type =>
        new JsonSerializerOptions(type.Options) { Converters = { new TextConverter(), new BytesConverter(), new UnknownConverter(type.Options) } }.GetTypeInfo(type.Type));

    private sealed class TextConverter : JsonConverter<string>
    {
        private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.String || !reader.ValueIsEscaped || reader.ValueSpan.Length < Large)
            {
                return reader.GetString();
            }

            var plain = new byte[reader.ValueSpan.Length];
            var length = reader.CopyString(plain);
            try
            {
                return Strict.GetString(plain, 0, length);
            }
            catch (DecoderFallbackException error)
            {
                throw new JsonException("The text is not valid UTF-8", error);
            }
        }

        public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString()!;

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    }

    private sealed class BytesConverter : JsonConverter<byte[]>
    {
        public override byte[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.String || reader.ValueSpan.Length < Large)
            {
                return reader.GetBytesFromBase64();
            }

            ReadOnlySpan<byte> encoded = reader.ValueSpan;
            if (reader.ValueIsEscaped)
            {
                var plain = new byte[encoded.Length];
                encoded = plain.AsSpan(0, reader.CopyString(plain));
            }

            var decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(encoded.Length)];
            return Base64.DecodeFromUtf8(encoded, decoded, out _, out var length) == OperationStatus.Done
                ? length == decoded.Length ? decoded : decoded[..length]
                : throw new JsonException();
        }

        public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options) => writer.WriteBase64StringValue(value);
    }

    /// <summary>Values of fields that nobody knows: that they are there, and what the small ones are.</summary>
    private sealed class UnknownConverter(JsonSerializerOptions library) : JsonConverter<JsonElement>
    {
        private static readonly JsonElement Some = JsonElement.Parse("\"…\"");

        public override bool HandleNull => true;

        public override JsonElement Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var end = reader;
            end.Skip();
            if (end.BytesConsumed - reader.TokenStartIndex < Large)
            {
                return JsonSerializer.Deserialize(ref reader, (JsonTypeInfo<JsonElement>)library.GetTypeInfo(typeof(JsonElement)));
            }

            reader = end;
            return Some;
        }

        public override void Write(Utf8JsonWriter writer, JsonElement value, JsonSerializerOptions options) => value.WriteTo(writer);
    }
}
