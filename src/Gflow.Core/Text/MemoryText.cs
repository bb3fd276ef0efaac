using System.Globalization;

namespace Gflow.Core.Text;

/// <summary>Amounts of memory in whole megabytes (of 1024 × 1024 bytes), as people write and read them.</summary>
public static class MemoryText
{
    /// <summary>The largest amount any text may name, in megabytes: one exbibyte, so that millions of them can be added up.</summary>
    public const long LargestMegabytes = 1L << 40;

    /// <summary>Reads <c>N</c> or <c>NM</c> (megabytes) or <c>NG</c> (gigabytes of 1024 MB); blanks around it do not matter.</summary>
    /// <returns>Megabytes, or a problem <c>invalid_memory</c>.</returns>
    public static Result<long> ParseMegabytes(string text)
    {
        var trimmed = text.AsSpan().Trim();
        var unit = trimmed.IsEmpty ? ' ' : char.ToLowerInvariant(trimmed[^1]);
        var factor = unit == 'g' ? 1024 : 1;
        var outcome = DigitsText.Read(unit is 'm' or 'g' ? trimmed[..^1] : trimmed, out var number);
        if (outcome == DigitsText.Outcome.NotDigits)
        {
            return new Problem(ProblemCode.InvalidMemory, $"\"{text}\" is not an amount of memory: write megabytes (512 or 512M) or gigabytes (4G), whole numbers");
        }

        return outcome == DigitsText.Outcome.TooLarge || number > LargestMegabytes / factor
            ? new Problem(ProblemCode.InvalidMemory, $"\"{text}\" is too much: the largest amount is {LargestMegabytes}M")
            : number * factor;
    }

    /// <summary>Below 1024 MB <c>512M</c>, else gigabytes with one decimal that is left out when it says nothing: <c>1G</c>, <c>2.5G</c>.</summary>
    public static string Format(long megabytes)
    {
        if (megabytes < 1024)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{megabytes}M");
        }

        var gigabytes = megabytes / 1024m;
        return gigabytes - decimal.Truncate(gigabytes) < 0.01m
            ? string.Create(CultureInfo.InvariantCulture, $"{decimal.Truncate(gigabytes)}G")
            : string.Create(CultureInfo.InvariantCulture, $"{gigabytes:0.0}G");
    }
}
