using Gflow.Core;

namespace Gflow.Client.Configuration;

/// <summary>Something wrong with a configuration. No text in it holds a secret.</summary>
/// <param name="Code">Stable snake_case name of the kind of problem.</param>
/// <param name="Origin">Where it was written.</param>
/// <param name="Key">Path of the key, such as <c>notifications.webhooks[0].url</c>; empty for the file as a whole.</param>
/// <param name="Value">The value with secrets masked; null when there is none to show.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Remedy">What would be right; empty where nothing need be done.</param>
public sealed record ConfigProblem(string Code, ConfigOrigin Origin, string Key, string? Value, string Message, string Remedy)
{
    public Problem ToProblem() => new(ProblemCode.Named(Code), ToString(), Key.Length == 0 ? null : Key);

    public override string ToString()
    {
        var subject = (Key, Value) switch
        {
            ("", _) => "",
            (_, null) => $"{Key}: ",
            _ => $"{Key} = {Value}: ",
        };
        return $"{Origin}: {subject}{Message}{(Remedy.Length == 0 ? "" : "; " + Remedy)}";
    }
}
