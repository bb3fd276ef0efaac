namespace Gflow.Client.CommandLine;

/// <summary>Colours, or none.</summary>
public sealed class Palette
{
    public const string Heading = "1;32";
    public const string Literal = "1;36";
    public const string Placeholder = "36";
    public const string Alive = "32";

    private readonly bool _on;

    private Palette(bool on)
    {
        _on = on;
    }

    /// <param name="when"><c>auto</c>, <c>always</c> or <c>never</c>.</param>
    /// <param name="terminal">Whether a terminal will show it.</param>
    /// <param name="environment">NO_COLOR, when not empty, turns <c>auto</c> off; so does TERM=dumb.</param>
    public static Palette For(string when, bool terminal, IReadOnlyDictionary<string, string> environment) => new(when switch
    {
        "always" => true,
        "never" => false,
        _ => terminal
            && !(environment.TryGetValue("NO_COLOR", out var no) && no.Length > 0)
            && !(environment.TryGetValue("TERM", out var term) && term == "dumb"),
    });

    public string Paint(string text, string? style) => _on && style is not null && text.Length > 0 ? $"\e[{style}m{text}\e[0m" : text;
}
