using Gflow.Core;
using Gflow.Core.Contracts;

namespace Gflow.Daemon.Http;

/// <summary>Problems as an answer of a size that people read: a request of megabytes does not get megabytes of its own words back.</summary>
internal static class Refusal
{
    public const int MostProblems = 20;

    private const int LongestMessage = 2000;
    private const int LongestField = 200;

    public static ErrorAnswer Of(IReadOnlyList<Problem> problems)
    {
        var told = problems.Take(MostProblems).Select(problem => problem with { Message = Short(problem.Message, LongestMessage), Field = problem.Field is { } field ? Short(field, LongestField) : null }).ToList();
        var left = problems.Count - told.Count;
        var sentences = told.Select((problem, index) => index < told.Count - 1 || left > 0 ? problem.Message.TrimEnd('.') : problem.Message);
        return new ErrorAnswer(
            string.Join("; ", left > 0 ? sentences.Append($"and {left} problems more") : sentences),
            [.. told.Select(problem => new WireProblem(problem.Code, problem.Message, problem.Field))],
            problems[0].State);
    }

    /// <summary>Without its middle when it is long: it begins with what it is about, and ends with what would be right.</summary>
    private static string Short(string text, int longest)
    {
        if (text.Length <= longest)
        {
            return text;
        }

        var (first, last) = (longest / 2, text.Length - (longest / 2));
        return $"{text.AsSpan(0, char.IsHighSurrogate(text[first - 1]) ? first - 1 : first)}…{text.AsSpan(char.IsLowSurrogate(text[last]) ? last + 1 : last)}";
    }
}
