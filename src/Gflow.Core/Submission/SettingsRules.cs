using Gflow.Core.Jobs;

namespace Gflow.Core.Submission;

/// <summary>Checks what a job takes along from the process that submits it.</summary>
internal static class SettingsRules
{
    private const int MostDigits = 4;
    private const int AllPermissions = 511;

    /// <param name="text">Octal digits; null for the usual one.</param>
    public static int Umask(string? text, Refusals refusals)
    {
        if (text is null)
        {
            return JobSpec.DefaultUmask;
        }

        if (text.Length is 0 or > MostDigits || text.Any(digit => digit is < '0' or > '7') || Convert.ToInt32(text, 8) is var umask && umask > AllPermissions)
        {
            refusals.Add(ProblemCode.Invalid, $"'{text}' is no umask; write one to three octal digits such as \"022\".", "umask");
            return JobSpec.DefaultUmask;
        }

        return umask;
    }

    /// <param name="limits">As they came; null for none.</param>
    public static IReadOnlyDictionary<string, long?> Limits(IReadOnlyDictionary<string, long?>? limits, Refusals refusals)
    {
        foreach (var (name, value) in limits ?? JobSpec.NoLimits)
        {
            if (!ResourceLimits.Numbers.ContainsKey(name))
            {
                refusals.Add(ProblemCode.Invalid, $"'{name}' is no limit of a job; there are {string.Join(", ", ResourceLimits.Numbers.Keys.Order(StringComparer.Ordinal))}.", "limits");
            }
            else if (value < 0)
            {
                refusals.Add(ProblemCode.Invalid, $"The limit {name} is {value}; write zero or more, or null for no limit.", "limits");
            }
        }

        return limits ?? JobSpec.NoLimits;
    }
}
