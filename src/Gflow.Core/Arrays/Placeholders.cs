using Gflow.Core.Text;

namespace Gflow.Core.Arrays;

/// <summary>
/// Puts the values of parameters where <c>{name}</c> stands. Only declared names are placeholders; all else in braces stays, and
/// so does <c>${name}</c>, which a shell expands. What comes in is never looked at for placeholders again.
/// </summary>
public static class Placeholders
{
    /// <summary>Before the name of a parameter in the environment of its job.</summary>
    public const string EnvironmentPrefix = "GFLOW_PARAM_";

    /// <summary>For an argument that no shell reads: the values as they are.</summary>
    public static string InWord(string word, IReadOnlyDictionary<string, string> values) =>
        new PlaceholderNames(values.Keys).Replace(word, name => values[name]);

    /// <summary>For the template of a run name: the values as <see cref="SafeNameText"/> has them.</summary>
    public static string InName(string template, IReadOnlyDictionary<string, string> values) =>
        new PlaceholderNames(values.Keys).Replace(template, name => SafeNameText.Of(values[name]));

    /// <summary>For a command of <c>bash -c</c>, see <see cref="ShellTemplate"/>.</summary>
    /// <returns>The command, or problems <c>unsafe_parameter</c>.</returns>
    public static Result<string> InShell(string command, IReadOnlyDictionary<string, string> values) =>
        ShellTemplate.Parse(command, values.Keys).Fill(values);

    /// <summary>The variable that holds the parameter in its job; null for a name that no variable can have.</summary>
    public static string? EnvironmentName(string name) => IsIdentifier(name) ? EnvironmentPrefix + name : null;

    internal static bool IsIdentifier(ReadOnlySpan<char> name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && !name.ContainsAnyExcept(ShellCharacters.OfNames);
}
