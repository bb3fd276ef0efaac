using Gflow.Core.Text;

namespace Gflow.Core.Jobs;

/// <summary>Run names: the number of the job, and what was asked for as <see cref="SafeNameText"/> has it.</summary>
public static class RunNameText
{
    public static string Format(JobId id, string? requested)
    {
        var safe = SafeNameText.Of(requested ?? "");
        return safe.Length == 0 ? $"gjob-{id}" : $"gjob-{id}-{safe}";
    }
}
