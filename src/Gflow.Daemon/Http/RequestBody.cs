using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gflow.Core;
using Gflow.Core.Contracts;

namespace Gflow.Daemon.Http;

/// <summary>Reads JSON bodies, and says what is wrong with them in words of JSON, not of this program.</summary>
internal static class RequestBody
{
    /// <summary>Reads a body that must be there.</summary>
    public static async Task<Result<T>> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
    {
        var bytes = await BytesAsync(context);
        return bytes.Length == 0 ? new Problem(ProblemCode.MissingBody, $"The request needs a body: {Expected(type.Type)} as JSON") : Parse(bytes, type);
    }

    /// <summary>Reads a body that may be missing.</summary>
    public static async Task<Result<T>> ReadOrDefaultAsync<T>(HttpContext context, JsonTypeInfo<T> type, T fallback)
    {
        var bytes = await BytesAsync(context);
        return bytes.Length == 0 ? Result<T>.From(fallback) : Parse(bytes, type);
    }

    /// <summary>Reads an update, where <c>null</c> means "clear this" and not "left out".</summary>
    public static async Task<Result<UpdateDraft>> ReadUpdateAsync(HttpContext context)
    {
        var bytes = await BytesAsync(context);
        if (bytes.Length == 0)
        {
            return new Problem(ProblemCode.MissingBody, "The request needs a body: an object with the fields to change, as JSON");
        }

        return ParseUpdate(bytes);
    }

    public static Result<UpdateDraft> ParseUpdate(ReadOnlySpan<byte> bytes)
    {
        var draft = Parse(bytes, WireJson.Default.UpdateDraft);
        try
        {
            return draft.Ok ? draft.Value with { Clears = Nulls(bytes) } : draft;
        }
        catch (InvalidOperationException)
        {
            // Names of fields that nobody knows were not looked at before.
            return NotText();
        }
    }

    public static Result<T> Parse<T>(ReadOnlySpan<byte> bytes, JsonTypeInfo<T> type)
    {
        var text = bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
        if (BodyShape.Fault(text) is { } costly)
        {
            return costly;
        }

        try
        {
            return JsonSerializer.Deserialize(text, LargeValues.Reader(type)) is { } value && !HoldsNull(value)
                ? Result<T>.From(value)
                : new Problem(ProblemCode.WrongType, $"The body must be {Expected(type.Type)}, not null");
        }
        catch (JsonException error)
        {
            return RepeatedName.Find(text) is { } twice
                ? new Problem(ProblemCode.RepeatedName, $"The name \"{twice.Name}\" is there twice in one object; give it once", twice.Path)
                : Explain(error, type);
        }
        catch (InvalidOperationException)
        {
            return NotText();
        }
    }

    private static Problem NotText() => new(ProblemCode.MalformedJson, "The body is not valid UTF-8");

    private static bool HoldsNull<T>(T value) => value is List<SubmissionDraft?> drafts && drafts.Contains(null);

    /// <summary>The body as it came; empty when there is none.</summary>
    public static async Task<byte[]> BytesAsync(HttpContext context)
    {
        if (context.Features.Get<Whole>() is { } read)
        {
            return read.Bytes;
        }

        if (!BodyRules.HasBody(context))
        {
            return [];
        }

        // Room for what has come, and not for what is only announced.
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
        var whole = new Whole(buffer.ToArray());
        context.Features.Set(whole);
        return whole.Bytes;
    }

    private static Problem Explain<T>(JsonException error, JsonTypeInfo<T> type)
    {
        var path = (error.Path ?? "$").TrimStart('$').TrimStart('.');
        var place = $"line {(error.LineNumber ?? 0) + 1}, byte {(error.BytePositionInLine ?? 0) + 1}";
        if (error.InnerException is JsonException || path.Length == 0 && error.InnerException is null && error.LineNumber is null)
        {
            return new(ProblemCode.MalformedJson, $"The body is not valid JSON: {place}{(path.Length > 0 ? $", near {path}" : "")}", path.Length > 0 ? path : null);
        }

        return path.Length == 0 || Field(path, type) is not { } field
            ? new(ProblemCode.WrongType, $"The body must be {Expected(type.Type)} ({place})", path.Length > 0 ? path : null)
            : new(ProblemCode.WrongType, $"{path}: wrong type or value out of range; expected {Expected(field)} ({place})", path);
    }

    /// <summary>The type of the outermost property on a path such as <c>[3].time_limit.secs</c>.</summary>
    private static Type? Field(string path, JsonTypeInfo type)
    {
        var element = type.ElementType is { } inner && type.Kind == JsonTypeInfoKind.Enumerable ? type.Options.GetTypeInfo(inner) : type;
        var name = path.StartsWith('[') ? path[(path.IndexOf(']', StringComparison.Ordinal) + 1)..].TrimStart('.') : path;
        var end = name.AsSpan().IndexOfAny('.', '[');
        name = end < 0 ? name : name[..end];
        return name.Length == 0 ? element.Type : element.Properties.FirstOrDefault(property => property.Name == name)?.PropertyType;
    }

    private static string Expected(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var t when t == typeof(long) => "a whole number",
        var t when t == typeof(bool) => "true or false",
        var t when t == typeof(string) => "a text",
        var t when t == typeof(byte[]) => "a text in base64",
        var t when t == typeof(WireDuration) => "an object {\"secs\": n, \"nanos\": n}",
        var t when t == typeof(WireInstant) => "an object {\"secs_since_epoch\": n, \"nanos_since_epoch\": n}",
        var t when t == typeof(IReadOnlyList<long>) => "an array of whole numbers",
        var t when t == typeof(IReadOnlyList<string>) => "an array of texts",
        var t when t == typeof(IReadOnlyDictionary<string, string>) => "an object of texts",
        var t when t == typeof(List<SubmissionDraft>) => "an array of objects",
        _ => "an object",
    };

    private static List<string> Nulls(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes);
        var nulls = new List<string>();
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            nulls.Remove(name);
            if (reader.TokenType == JsonTokenType.Null)
            {
                nulls.Add(name);
            }

            reader.Skip();
        }

        return nulls;
    }

    /// <summary>A body that was read: it can be read but once.</summary>
    private sealed record Whole(byte[] Bytes);
}
