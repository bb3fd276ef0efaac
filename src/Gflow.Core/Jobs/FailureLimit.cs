using System.Globalization;

namespace Gflow.Core.Jobs;

/// <summary>How many tasks of a group may fail before the rest is not started.</summary>
/// <param name="Count">So many; or null.</param>
/// <param name="Percent">So much of all its tasks; or null.</param>
/// <param name="Holds">Whether the rest is held, and not cancelled.</param>
public sealed record FailureLimit(int? Count, int? Percent, bool Holds)
{
    /// <summary>Reads <c>N</c> or <c>P%</c>, with <c>:cancel</c> or <c>:hold</c> behind it.</summary>
    /// <returns>The limit, or a problem <c>invalid</c>.</returns>
    public static Result<FailureLimit> Parse(string text)
    {
        var (limit, action) = text.Trim().Split(':', 2) switch
        {
            [var number, var word] => (number.Trim(), word.Trim()),
            [var number] => (number, "cancel"),
            _ => ("", ""),
        };
        var isPercent = limit.EndsWith('%');
        var most = isPercent ? 100 : int.MaxValue;
        return action is not ("cancel" or "hold")
            ? new Problem(ProblemCode.Invalid, $"\"{text}\" ends in \"{action}\"; after the colon stands what becomes of the rest: cancel or hold", "max_fails")
            : !int.TryParse(isPercent ? limit[..^1] : limit, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value < 1 || value > most
                ? new Problem(ProblemCode.Invalid, $"\"{text}\" is no limit for failures: write how many tasks may fail, such as 3, or a share of them, such as 10%, and then :cancel or :hold", "max_fails")
                : isPercent ? new FailureLimit(null, value, action == "hold") : new FailureLimit(value, null, action == "hold");
    }

    /// <summary>The number of failures at which the rest of so many tasks is not started.</summary>
    public int At(int tasks) => Count ?? Math.Max(1, (int)Math.Ceiling(tasks * (long)Percent!.Value / 100.0));

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Count ?? Percent}{(Percent is null ? "" : "%")}{(Holds ? ":hold" : "")}");
}
