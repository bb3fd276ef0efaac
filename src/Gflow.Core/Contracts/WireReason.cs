using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gflow.Core.Jobs;

namespace Gflow.Core.Contracts;

/// <summary>Why a job is where it is, on the wire: a word such as <c>"WaitingForGpu"</c>, or an object with the word as its one key, such as <c>{"DependencyFailed":7}</c>.</summary>
/// <param name="Word">Of <see cref="ReasonKind"/>, or of what another version knows.</param>
/// <param name="Detail">What it carries; null for nothing.</param>
/// <param name="IsNumber">Whether that is a number.</param>
[JsonConverter(typeof(WireReasonConverter))]
public sealed record WireReason(string Word, string? Detail = null, bool IsNumber = false)
{
    public static WireReason? Of(JobReason? reason) => reason switch
    {
        null => null,
        { Kind: ReasonKind.DependencyFailed, Dependency: { } id } => new(nameof(ReasonKind.DependencyFailed), id.ToString(), IsNumber: true),
        { Kind: ReasonKind.SystemError } => new(nameof(ReasonKind.SystemError), reason.Text),
        _ => new(reason.Kind.ToString()),
    };
}

/// <summary>What it does not know it passes over: a list must not fail for the sake of one reason.</summary>
public sealed class WireReasonConverter : JsonConverter<WireReason>
{
    private WireReason? _last;

    public override WireReason? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return _last is { } last && reader.ValueTextEquals(last.Word) ? last : _last = new WireReason(reader.GetString()!);
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        WireReason? reason = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var word = reader.GetString()!;
            reader.Read();
            reason ??= reader.TokenType switch
            {
                JsonTokenType.String => new(word, reader.GetString()),
                JsonTokenType.Number => new(word, Encoding.UTF8.GetString(reader.ValueSpan), IsNumber: true),
                _ => new(word),
            };
            reader.Skip();
        }

        return reason;
    }

    public override void Write(Utf8JsonWriter writer, WireReason value, JsonSerializerOptions options)
    {
        if (value.Detail is not { } detail)
        {
            writer.WriteStringValue(value.Word);
            return;
        }

        writer.WriteStartObject();
        if (value.IsNumber)
        {
            writer.WritePropertyName(value.Word);
            writer.WriteRawValue(detail);
        }
        else
        {
            writer.WriteString(value.Word, detail);
        }

        writer.WriteEndObject();
    }
}
