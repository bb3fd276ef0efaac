using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Client.CommandLine;

/// <summary>
/// The JSON that commands write of what the API answers: its fields, but each instant as a text of RFC 3339 (UTC, whole seconds) and each length
/// of time as <c>HH:MM:SS</c>.
/// </summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(InstantConverter), typeof(DurationConverter)])]
[JsonSerializable(typeof(CreatedReservation))]
[JsonSerializable(typeof(ReservationView))]
[JsonSerializable(typeof(List<ReservationView>))]
[JsonSerializable(typeof(DeliveryView))]
[JsonSerializable(typeof(List<DeliveryView>))]
[JsonSerializable(typeof(List<TargetView>))]
[JsonSerializable(typeof(List<AuditView>))]
[JsonSerializable(typeof(TargetAction))]
[JsonSerializable(typeof(ExplanationView))]
[JsonSerializable(typeof(PreviewView))]
[JsonSerializable(typeof(InfoAnswer))]
[JsonSerializable(typeof(AllowedGpus))]
[JsonSerializable(typeof(GpuProcessAnswer))]
[JsonSerializable(typeof(List<IgnoredGpuProcess>))]
[JsonSerializable(typeof(StatusAnswer))]
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(LogContent))]
public sealed partial class CommandJson : JsonSerializerContext
{
    /// <summary>As the commands write it; null for none.</summary>
    public static string? Text(WireInstant? instant) => instant is { } at ? $"{at.ToInstant().UtcDateTime.ToString("s", CultureInfo.InvariantCulture)}Z" : null;

    /// <inheritdoc cref="Text(WireInstant?)"/>
    public static string? Text(WireDuration? duration) => duration is { } span ? DurationText.Format(TimeSpan.FromSeconds(span.Secs)) : null;

    private sealed class InstantConverter : JsonConverter<WireInstant>
    {
        public override WireInstant Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Core.Contracts.WireInstant.From(reader.GetDateTimeOffset());

        public override void Write(Utf8JsonWriter writer, WireInstant value, JsonSerializerOptions options) => writer.WriteStringValue(Text(value));
    }

    private sealed class DurationConverter : JsonConverter<WireDuration>
    {
        public override WireDuration Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            DurationText.ParseTimeLimit(reader.GetString() ?? "") is { Ok: true } span ? Core.Contracts.WireDuration.From(span.Value) : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, WireDuration value, JsonSerializerOptions options) => writer.WriteStringValue(Text(value));
    }
}
