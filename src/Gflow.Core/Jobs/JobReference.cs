using System.Globalization;

namespace Gflow.Core.Jobs;

/// <summary>How people name jobs: by number, relative to their own submissions, or as those of a group.</summary>
public abstract record JobReference
{
    private JobReference()
    {
    }

    public sealed record Number(JobId Id) : JobReference
    {
        public override string ToString() => Id.ToString();
    }

    /// <param name="Nth">Which of somebody's submissions from the end, the last being 1; the daemon knows which job that is.</param>
    public sealed record Recent(uint Nth) : JobReference
    {
        public override string ToString() => Nth == 1 ? "@" : $"@~{Nth}";
    }

    /// <summary>Jobs of a group.</summary>
    public sealed record Tasks(TaskReference Of) : JobReference
    {
        public override string ToString() => Of.ToString();
    }

    /// <summary>Reads a number from 1, <c>@</c> (the last submission) or <c>@~N</c> (the N-th last, the last one counting as 1), or jobs of a group (<see cref="TaskReference.Parse"/>).</summary>
    /// <returns>The reference, or a problem <c>invalid_job</c>.</returns>
    public static Result<JobReference> Parse(string text)
    {
        var trimmed = text.Trim();
        if (TaskReference.IsOne(trimmed))
        {
            return TaskReference.Parse(trimmed).Map<JobReference>(tasks => new Tasks(tasks));
        }

        if (trimmed == "@")
        {
            return new Recent(1);
        }

        if (trimmed.StartsWith("@~", StringComparison.Ordinal))
        {
            return Digits(trimmed.AsSpan(2), out var nth)
                ? new Recent(nth)
                : new Problem(ProblemCode.InvalidJob, $"\"{text}\" is not a job: after @~ comes a number from 1, and @~1 is the same as @");
        }

        return Digits(trimmed, out var id)
            ? new Number(new JobId(id))
            : new Problem(ProblemCode.InvalidJob, $"\"{text}\" is not a job: write its number, @ (your last submission), @~N (your N-th last) or N_K (task K of array N)");
    }

    /// <summary>Reads references joined by commas.</summary>
    public static Result<IReadOnlyList<JobReference>> ParseList(string text)
    {
        List<JobReference> references = [];
        foreach (var item in TaskReference.SplitList(text))
        {
            var reference = Parse(item);
            if (!reference.Ok)
            {
                return Result<IReadOnlyList<JobReference>>.Fail([.. reference.Problems]);
            }

            references.Add(reference.Value);
        }

        return Result<IReadOnlyList<JobReference>>.From(references);
    }

    private static bool Digits(ReadOnlySpan<char> text, out uint number) =>
        // The library's parser passes over zero bytes at the end.
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0 && text[^1] != '\0';
}
