using System.Globalization;

namespace Gflow.Core.Text;

/// <summary>Numbers of GPUs as people write them.</summary>
public static class GpuCountText
{
    private const string Resource = "gpu";

    /// <summary>Reads <c>2</c>, and <c>gpu:2</c> and <c>gpu</c> as sbatch(1) has them under <c>--gres</c>.</summary>
    /// <returns>The number, 0 or more, or a problem <c>invalid_gpus</c>.</returns>
    public static Result<int> Parse(string text)
    {
        var parts = text.Trim().Split(':');
        return parts switch
        {
            [Resource] => 1,
            ([_] or [Resource, _]) when int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count) => count,
            [Resource, _, _] => new Problem(ProblemCode.InvalidGpus, $"\"{text}\" names a kind of GPU, and kinds cannot be chosen; write the number alone, such as 2", "gpus"),
            _ => new Problem(ProblemCode.InvalidGpus, $"\"{text}\" is not a number of GPUs, such as 2", "gpus"),
        };
    }
}
