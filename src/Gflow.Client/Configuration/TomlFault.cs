using Tomlyn.Syntax;

namespace Gflow.Client.Configuration;

/// <summary>
/// Says in our own words why a text is not TOML. The parser's messages quote what they stumble over, and that may be a
/// password; these never quote anything.
/// </summary>
internal static class TomlFault
{
    private static readonly (string Mark, string Message, string Remedy)[] Faults =
    [
        ("in a string", "the text is not closed", "end it, on the same line, with the quote it began with"),
        ("on string literal", "the text is not closed", "end it with the quote it began with"),
        ("multi-line string", "the text is not closed", "end it with the three quotes it began with"),
        ("escape", "an unknown escape sequence", "write \\\\ for a backslash, or put the text in single quotes"),
        ("already defined", "this key or table was defined before", "keep one of the two"),
        ("Unable to parse integer", "this number is too large", "write a number below 2^63"),
        ("Missing a `,`", "a list without its end, or a comma missing in it", "separate items by commas and close the list with ]"),
        ("for an array", "a list without its end", "close it with ]"),
        ("inline table", "a table in braces without its end", "close it with }"),
        ("for a value", "this is not a TOML value", "put text in quotes; true, false and numbers go without"),
        ("while expecting a value", "the value is missing", "write one after the ="),
        ("Expecting `=`", "this is not KEY = VALUE", "write one key, = and one value on each line"),
        ("`]`", "a table header without its end", "close it with ]"),
        ("expecting token `newline`", "something follows the value", "write one KEY = VALUE on each line"),
    ];

    public static ConfigProblem ToProblem(DiagnosticMessage diagnostic, ConfigOrigin origin)
    {
        var fault = Array.Find(Faults, fault => diagnostic.Message.Contains(fault.Mark, StringComparison.Ordinal));
        return new ConfigProblem(
            "syntax",
            origin,
            "",
            null,
            "not valid TOML: " + (fault.Message ?? "unexpected text"),
            fault.Remedy ?? "write one KEY = VALUE on each line");
    }
}
