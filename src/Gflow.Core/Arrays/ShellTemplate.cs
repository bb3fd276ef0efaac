using System.Text;
using Gflow.Core.Text;

namespace Gflow.Core.Arrays;

/// <summary>
/// A command for <c>bash -c</c> with placeholders, read once and filled as often as there are tasks. However a value is written, it
/// stays inside its word and is never code: it is quoted as its place demands, also in code that the command hands to another shell.
/// Where no quoting is certain to hold, only values of harmless characters are taken.
/// </summary>
public sealed class ShellTemplate
{
    private readonly IReadOnlyList<ShellPiece> _pieces;

    internal ShellTemplate(IReadOnlyList<ShellPiece> pieces) => _pieces = pieces;

    /// <param name="command">Any text, also one that no shell would accept.</param>
    /// <param name="names">Of the parameters, as <see cref="ParameterRules.CheckName"/> allows.</param>
    public static ShellTemplate Parse(string command, IEnumerable<string> names) => new ShellLexer(command, new PlaceholderNames(names), nesting: 0).Read();

    /// <param name="values">One for each of the names, as <see cref="ParameterRules.CheckValue"/> allows.</param>
    /// <returns>The command, or a problem <c>unsafe_parameter</c> for each value that cannot come where its placeholder stands.</returns>
    public Result<string> Fill(IReadOnlyDictionary<string, string> values)
    {
        List<Problem> problems = [];
        var filled = Filled(values, problems);
        return problems.Count > 0 ? problems : filled;
    }

    /// <summary>The piece with all its placeholders changed, also those in code.</summary>
    internal static ShellPiece Changed(ShellPiece piece, Func<ShellHole, ShellHole> change) => piece switch
    {
        ShellHole hole => change(hole),
        ShellPiece.Code { Template: var code } => new ShellPiece.Code(new ShellTemplate([.. code._pieces.Select(inner => Changed(inner, change))])),
        _ => piece,
    };

    private string Filled(IReadOnlyDictionary<string, string> values, List<Problem> problems)
    {
        var filled = new StringBuilder();
        foreach (var piece in _pieces)
        {
            switch (piece)
            {
                case ShellPiece.Literal literal:
                    filled.Append(literal.Text);
                    break;
                case ShellPiece.Code code:
                    filled.Append(ShellText.Quote(code.Template.Filled(values, problems)));
                    break;
                case ShellHole hole when hole.Refuses(values[hole.Name]) is { } where:
                    problems.Add(No(hole.Name, values[hole.Name], where));
                    break;
                case ShellHole hole:
                    filled.Append(hole.Written(values[hole.Name]));
                    break;
            }
        }

        return filled.ToString();
    }

    private static Problem No(string name, string value, string where)
    {
        const int Shown = 40;
        var shown = SafeText.Line(value.Length <= Shown ? value : $"{value[..(Shown - 1)]}…");
        var remedy = Placeholders.EnvironmentName(name) is { } variable ? $"write \"${variable}\" there, which each job has in its environment" : "put it into a word of its own";
        return new Problem(ProblemCode.UnsafeParameter, $"{{{name}}} stands {where}, where the value \"{shown}\" might run as code: {remedy}", "parameters");
    }
}
