using System.Globalization;

namespace Gflow.Core.Text;

/// <summary>So many GPUs, perhaps of a type.</summary>
/// <param name="Count">0 or more.</param>
/// <param name="Type">In lower case; null for any.</param>
public readonly record struct GpuCount(int Count, string? Type);

/// <summary>Numbers of GPUs as people write them.</summary>
public static class GpuCountText
{
    private const string Resource = "gpu";

    /// <summary>Reads <c>2</c> and <c>a100:2</c>, and <c>gpu:2</c>, <c>gpu:a100:2</c>, <c>gpu:a100</c> and <c>gpu</c> as sbatch(1) has them under <c>--gres</c>.</summary>
    /// <returns>The number and the type, or a problem <c>invalid_gpus</c>.</returns>
    public static Result<GpuCount> Parse(string text)
    {
        var parts = text.Trim().Split(':');
        var wanted = parts is [Resource, ..] ? parts[1..] : parts;
        var last = wanted is [.., { } written] && int.TryParse(written, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : (int?)null;
        return wanted switch
        {
            [] => new GpuCount(1, null),
            [_] when last is { } count => new GpuCount(count, null),
            [var type] when parts.Length > 1 && IsType(type) => new GpuCount(1, type.ToLowerInvariant()),
            [var type, _] when last is { } count && IsType(type) => new GpuCount(count, type.ToLowerInvariant()),
            _ => new Problem(ProblemCode.InvalidGpus, $"\"{text}\" is not a number of GPUs, such as 2, nor a type and a number, such as a100:2", "gpus"),
        };
    }

    /// <summary>A number alone, for what knows no types.</summary>
    public static Result<int> ParseNumber(string text) => Parse(text).Then<int>(given => given.Type is null
        ? given.Count
        : new Problem(ProblemCode.InvalidGpus, $"\"{text}\" names a type of GPU, and here is only a number, such as 2", "gpus"));

    private static bool IsType(string text) =>
        text.Length > 0 && char.IsAsciiLetterOrDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ' ');
}
