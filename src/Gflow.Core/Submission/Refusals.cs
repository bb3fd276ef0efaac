using System.Globalization;
using Gflow.Core.Text;

namespace Gflow.Core.Submission;

/// <summary>What is wrong with a submission, gathered so that all of it is told at once.</summary>
internal sealed class Refusals
{
    /// <summary>The kernel takes no argument and no variable of 128 KiB or more (MAX_ARG_STRLEN, execve(2)).</summary>
    public const int MaxTextBytes = (128 * 1024) - 1;

    public List<Problem> All { get; } = [];

    public void Add(ProblemCode code, string message, string field) => All.Add(new Problem(code, message, field));

    public void Add(IEnumerable<Problem> problems) => All.AddRange(problems);

    public void CheckText(string text, string what, string field, string remedy, int most = MaxTextBytes)
    {
        if (text.Contains('\0'))
        {
            Add(ProblemCode.Invalid, $"{what} holds a zero byte.", field);
        }
        else if (ByteText.Bytes(text).Length is var bytes && bytes > most)
        {
            Add(ProblemCode.Invalid, string.Create(CultureInfo.InvariantCulture, $"{what} has {bytes} bytes; the system takes at most {most}. {remedy}"), field);
        }
    }

    /// <summary>The items of a list that came as JSON, which can hold <c>null</c> where its type cannot.</summary>
    public List<string> Texts(IReadOnlyList<string>? list, string field)
    {
        var texts = (list ?? []).Where(text => text is not null).ToList();
        if (texts.Count < list?.Count)
        {
            Add(ProblemCode.Invalid, $"'{field}' holds null; each of its items must be a text.", field);
        }

        return texts;
    }
}
