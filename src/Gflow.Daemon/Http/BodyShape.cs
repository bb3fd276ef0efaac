using System.Text.Json;
using Gflow.Core;

namespace Gflow.Daemon.Http;

/// <summary>Bodies whose shape costs more than their length does: no reader has use for their depth or the number of their parts.</summary>
internal static class BodyShape
{
    /// <summary>As deep as a reader follows.</summary>
    public const int Deepest = 64;

    /// <summary>Of an object that is the body, or an element of it. Those nobody knows are kept until they have been looked at.</summary>
    public const int MostFields = 1000;

    /// <summary>Of a body that is an array.</summary>
    public const int MostElements = 1000;

    /// <summary>Texts, numbers, objects and so on altogether. The variables of a thousand jobs fit in.</summary>
    public const int MostValues = 300_000;

    /// <summary>Bytes of a field's or a variable's name. No variable of a process is that long (execve(2), MAX_ARG_STRLEN).</summary>
    public const int LongestName = 128 << 10;

    /// <param name="json">Any bytes.</param>
    /// <returns>What is beyond measure; null when nothing is, or the text is no JSON up to there.</returns>
    public static Problem? Fault(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = Deepest + 1 });
        var (within, elements, fields, values) = (0, 0, 0, 0);
        string? field = null;
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.EndObject or JsonTokenType.EndArray) && ++values > MostValues)
                {
                    return new(ProblemCode.TooMany, $"The body has more than {MostValues} values", field);
                }

                switch (reader.TokenType)
                {
                    case JsonTokenType.StartObject or JsonTokenType.StartArray when reader.CurrentDepth == Deepest:
                        return new(ProblemCode.Invalid, $"{(field is null ? "The body" : $"'{field}'")} is nested more than {Deepest} levels deep", field);
                    case JsonTokenType.StartArray when reader.CurrentDepth == 0:
                        within = 1;
                        break;
                    case JsonTokenType.StartObject when reader.CurrentDepth == within:
                        if (++elements > MostElements && within == 1)
                        {
                            return new(ProblemCode.TooMany, $"The body has more than {MostElements} elements");
                        }

                        fields = 0;
                        break;
                    case JsonTokenType.PropertyName when reader.ValueSpan.Length > LongestName:
                        return new(ProblemCode.Invalid, $"The body has a name of more than {LongestName} bytes", field);
                    case JsonTokenType.PropertyName when reader.CurrentDepth == within + 1:
                        if (++fields > MostFields)
                        {
                            return new(ProblemCode.Invalid, $"An object of the body has more than {MostFields} fields");
                        }

                        field = $"{(within == 1 ? $"[{elements - 1}]." : "")}{reader.GetString()}";
                        break;
                }
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // No JSON, or a name that is no text. Whoever reads it says what is wrong.
        }

        return null;
    }
}
