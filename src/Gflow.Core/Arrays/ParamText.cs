namespace Gflow.Core.Arrays;

/// <summary>One parameter of a sweep and what it becomes in turn.</summary>
/// <param name="Name">As <see cref="ParameterRules.CheckName"/> allows.</param>
/// <param name="Values">At least one, in the order written.</param>
public sealed record SweepAxis(string Name, IReadOnlyList<string> Values);

/// <summary>Parameters as people write them: <c>lr=0.1,0.01</c>, <c>seed=1:5</c>, <c>p=0:1:0.25</c>.</summary>
public static class ParamText
{
    /// <summary>
    /// Reads a name, <c>=</c> and a list of values or a range. Values are joined by commas, trimmed, and dropped when they are empty;
    /// double quotes protect commas and blanks, and are doubled inside quotes: <c>msg="a,b",c</c> has the values <c>a,b</c> and <c>c</c>.
    /// Two or three numbers joined by colons are a range, see <see cref="RangeText"/>; what has other colons is a value, such as a URL,
    /// and so is what is quoted: <c>at="12:30"</c>.
    /// </summary>
    /// <returns>The parameter, or a problem <c>invalid_parameter</c>.</returns>
    public static Result<SweepAxis> Parse(string text)
    {
        var sign = text.IndexOf('=');
        if (sign < 0)
        {
            return No($"\"{text}\" names no values: write NAME=VALUES, such as lr=0.1,0.01");
        }

        var name = text[..sign].Trim();
        var spec = text[(sign + 1)..];
        return ParameterRules.CheckName(name) is { } wrong
            ? wrong
            : (RangeText.Parse(spec) is { } range ? range : List(name, spec)).Map(values => new SweepAxis(name, values));
    }

    private static Result<IReadOnlyList<string>> List(string name, string spec)
    {
        var (cells, fault) = new CellReader(spec, endsAtLines: false).Record();
        if (fault is not null)
        {
            return No($"the values of {name} cannot be read: {fault}");
        }

        var values = cells.Where(cell => cell.IsQuoted || cell.Text.Length > 0).Select(cell => cell.Text).ToList();
        return values switch
        {
            [] => No($"{name} has no values: write some, such as {name}=1,2,3, or {name}=\"\" for an empty one"),
            { Count: > RangeText.MostValues } => No($"{name} has {values.Count} values: write at most {RangeText.MostValues}"),
            _ when values.Select(value => ParameterRules.CheckValue(name, value)).FirstOrDefault(problem => problem is not null) is { } wrong => wrong,
            _ => values,
        };
    }

    private static Problem No(string message) => new(ProblemCode.InvalidParameter, message, "parameters");
}
