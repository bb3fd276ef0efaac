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

/// <summary>Lists have three instants an item, and what is made for any object takes as long for one as for the rest of the item.</summary>
public sealed class WireInstantConverter : JsonConverter<WireInstant>
{
    public override WireInstant Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var (whole, part) = TwoNumbers.Read(ref reader, "secs_since_epoch"u8, "nanos_since_epoch"u8);
        return new(whole, part);
    }

    public override void Write(Utf8JsonWriter writer, WireInstant value, JsonSerializerOptions options) =>
        TwoNumbers.Write(writer, "secs_since_epoch"u8, value.SecsSinceEpoch, "nanos_since_epoch"u8, value.NanosSinceEpoch);
}

/// <inheritdoc cref="WireInstantConverter"/>
public sealed class WireDurationConverter : JsonConverter<WireDuration>
{
    public override WireDuration Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var (whole, part) = TwoNumbers.Read(ref reader, "secs"u8, "nanos"u8);
        return new(whole, part);
    }

    public override void Write(Utf8JsonWriter writer, WireDuration value, JsonSerializerOptions options) =>
        TwoNumbers.Write(writer, "secs"u8, value.Secs, "nanos"u8, value.Nanos);
}

/// <summary>An object of a whole number and its part, each 0 when it is left out, and neither there twice.</summary>
internal static class TwoNumbers
{
    public static (long Whole, int Part) Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> wholeName, ReadOnlySpan<byte> partName)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException();
        }

        long? whole = null;
        int? part = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals(wholeName))
            {
                whole = whole is null && reader.Read() && reader.TryGetInt64(out var number) ? number : throw new JsonException();
            }
            else if (reader.ValueTextEquals(partName))
            {
                part = part is null && reader.Read() && reader.TryGetInt32(out var number) ? number : throw new JsonException();
            }
            else
            {
                reader.Skip();
            }
        }

        return (whole ?? 0, part ?? 0);
    }

    public static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> wholeName, long whole, ReadOnlySpan<byte> partName, int part)
    {
        writer.WriteStartObject();
        writer.WriteNumber(wholeName, whole);
        writer.WriteNumber(partName, part);
        writer.WriteEndObject();
    }
}
