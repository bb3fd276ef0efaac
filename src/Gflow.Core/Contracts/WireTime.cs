using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gflow.Core.Contracts;

/// <summary>An instant on the wire.</summary>
[JsonConverter(typeof(WireInstantConverter))]
public readonly record struct WireInstant(long SecsSinceEpoch, int NanosSinceEpoch)
{
    public static WireInstant From(DateTimeOffset instant)
    {
        var ticks = instant.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        var seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out var rest);
        return new(seconds, (int)rest * 100);
    }

    public static WireInstant? From(DateTimeOffset? instant) => instant is { } value ? From(value) : null;

    public DateTimeOffset ToInstant() => DateTimeOffset.UnixEpoch.AddTicks((SecsSinceEpoch * TimeSpan.TicksPerSecond) + (NanosSinceEpoch / 100));

    /// <returns>False for what no calendar holds; for values that somebody else wrote.</returns>
    public bool TryToInstant(out DateTimeOffset instant)
    {
        var sane = SecsSinceEpoch >= 0 && SecsSinceEpoch <= DateTimeOffset.MaxValue.ToUnixTimeSeconds() && NanosSinceEpoch is >= 0 and < 1_000_000_000;
        instant = sane ? ToInstant() : default;
        return sane;
    }
}

/// <summary>A length of time on the wire.</summary>
[JsonConverter(typeof(WireDurationConverter))]
public readonly record struct WireDuration(long Secs, int Nanos)
{
    public static WireDuration From(TimeSpan span) => new(span.Ticks / TimeSpan.TicksPerSecond, (int)(span.Ticks % TimeSpan.TicksPerSecond) * 100);

    public static WireDuration? From(TimeSpan? span) => span is { } value ? From(value) : null;
}

/// <inheritdoc/>
public sealed class WireInstantConverter() : TwoNumbersConverter<WireInstant>("secs_since_epoch", "nanos_since_epoch")
{
    protected override WireInstant Of(long whole, int part) => new(whole, part);

    protected override (long Whole, int Part) Split(WireInstant value) => (value.SecsSinceEpoch, value.NanosSinceEpoch);
}

/// <inheritdoc/>
public sealed class WireDurationConverter() : TwoNumbersConverter<WireDuration>("secs", "nanos")
{
    protected override WireDuration Of(long whole, int part) => new(whole, part);

    protected override (long Whole, int Part) Split(WireDuration value) => (value.Secs, value.Nanos);
}

/// <summary>An object of a whole number and its part, each 0 when it is left out, and neither there twice.</summary>
/// <remarks>Lists have three instants an item, and what is made for any object takes as long for one as for the rest of the item.</remarks>
public abstract class TwoNumbersConverter<T>(string wholeName, string partName) : JsonConverter<T>
    where T : struct
{
    private readonly JsonEncodedText _whole = JsonEncodedText.Encode(wholeName);
    private readonly JsonEncodedText _part = JsonEncodedText.Encode(partName);

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException();
        }

        long? whole = null;
        int? part = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals(_whole.EncodedUtf8Bytes))
            {
                whole = whole is null && reader.Read() && reader.TryGetInt64(out var number) ? number : throw new JsonException();
            }
            else if (reader.ValueTextEquals(_part.EncodedUtf8Bytes))
            {
                part = part is null && reader.Read() && reader.TryGetInt32(out var number) ? number : throw new JsonException();
            }
            else
            {
                reader.Skip();
            }
        }

        return Of(whole ?? 0, part ?? 0);
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        var (whole, part) = Split(value);
        writer.WriteStartObject();
        writer.WriteNumber(_whole, whole);
        writer.WriteNumber(_part, part);
        writer.WriteEndObject();
    }

    protected abstract T Of(long whole, int part);

    protected abstract (long Whole, int Part) Split(T value);
}
