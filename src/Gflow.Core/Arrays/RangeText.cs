using System.Globalization;

namespace Gflow.Core.Arrays;

/// <summary>Numbers at equal distances: <c>START:STOP</c> or <c>START:STOP:STEP</c>, both ends included.</summary>
public static class RangeText
{
    /// <summary>The most values of one parameter.</summary>
    public const int MostValues = 10_000;

    /// <summary>In steps: <c>0:1:0.333333333333</c> is meant to reach 1.</summary>
    private const decimal Tolerance = 1e-10m;

    /// <summary>Before the point and after it: within them all sums and quotients of ranges fit a decimal number, and are exact.</summary>
    private const int MostDigits = 14;

    /// <summary>
    /// Reads a range; without a step it is 1 or -1, whichever leads to the end. Whole numbers are written without a point, others with
    /// the decimals of the step, and of the start where it has more.
    /// </summary>
    /// <returns>The numbers, a problem <c>invalid_parameter</c>, or null for what is not two or three numbers joined by colons.</returns>
    public static Result<IReadOnlyList<string>>? Parse(string text)
    {
        var parts = text.Split(':');
        if (parts.Length is not (2 or 3) || !parts.All(part => Number(part, out _)))
        {
            return null;
        }

        var numbers = parts.Select(part => Number(part, out var number) ? number : 0).ToArray();
        if (numbers.Any(number => decimal.Abs(number) >= 1e14m || number.Scale > MostDigits))
        {
            return No($"\"{text}\" has a number of more than {MostDigits} digits before or after its point: write the values out, joined by commas");
        }

        var (start, stop) = (numbers[0], numbers[1]);
        var step = parts.Length == 3 ? numbers[2] : stop < start ? -1 : 1;
        if (step == 0)
        {
            return No($"\"{text}\" has the step 0 and would never end: write another, or {Shown(start, 0)} alone");
        }

        if (stop != start && decimal.Sign(stop - start) != decimal.Sign(step))
        {
            return No($"\"{text}\" leads away from its end: write the step {parts[2].Trim()} with the other sign");
        }

        var steps = decimal.Floor(((stop - start) / step) + Tolerance);
        return steps >= MostValues
            ? No($"\"{text}\" stands for {steps + 1} values: write at most {MostValues}, with a larger step")
            : Result<IReadOnlyList<string>>.From([.. Enumerable.Range(0, (int)steps + 1).Select(i => Shown(start + (i * step), Decimals(start, step)))]);
    }

    private static bool Number(string text, out decimal number) =>
        decimal.TryParse(text.Trim(), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out number);

    private static int Decimals(decimal start, decimal step) => Math.Max(Scale(start), decimal.IsInteger(step) ? 0 : step.Scale);

    /// <summary>Without the zeros at its end.</summary>
    private static int Scale(decimal number) => (number / 1.0000000000000000000000000000m).Scale;

    private static string Shown(decimal number, int decimals) =>
        decimal.IsInteger(number) ? decimal.Abs(number) == 0 ? "0" : number.ToString("F0", CultureInfo.InvariantCulture) : number.ToString($"F{decimals}", CultureInfo.InvariantCulture);

    private static Problem No(string message) => new(ProblemCode.InvalidParameter, message, "parameters");
}
