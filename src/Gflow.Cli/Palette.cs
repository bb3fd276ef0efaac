using Gflow.Core.Jobs;
using Gflow.Core.Reservations;

namespace Gflow.Cli;

/// <summary>Colours, or none.</summary>
internal sealed class Palette
{
    internal const string Heading = "1;32";
    internal const string Literal = "1;36";
    internal const string Placeholder = "36";
    internal const string Alive = "32";

    private readonly bool _on;

    private Palette(bool on)
    {
        _on = on;
    }

    /// <param name="when"><c>auto</c>, <c>always</c> or <c>never</c>.</param>
    /// <param name="terminal">Whether a terminal will show it.</param>
    /// <param name="environment">NO_COLOR, when not empty, turns <c>auto</c> off; so does TERM=dumb.</param>
    internal static Palette For(string when, bool terminal, IReadOnlyDictionary<string, string> environment) => new(when switch
    {
        "always" => true,
        "never" => false,
        _ => terminal
            && !(environment.TryGetValue("NO_COLOR", out var no) && no.Length > 0)
            && !(environment.TryGetValue("TERM", out var term) && term == "dumb"),
    });

    internal string Paint(string text, string? style) => _on && style is not null && text.Length > 0 ? $"\e[{style}m{text}\e[0m" : text;

    /// <summary>How a reservation's status looks.</summary>
    internal static string? Of(ReservationStatus status) => status switch
    {
        ReservationStatus.Active => "1;32",
        ReservationStatus.Pending => "3",
        ReservationStatus.Completed => "2",
        ReservationStatus.Cancelled => "9",
        _ => null,
    };

    /// <summary>How a state's short code looks.</summary>
    internal static string? Of(JobState state) => state switch
    {
        JobState.Running => "1;32",
        JobState.Finished => "2",
        JobState.Queued => "3",
        JobState.Hold => "1",
        JobState.Failed => "1;31",
        JobState.Timeout => "4",
        JobState.Cancelled => "9",
        _ => null,
    };
}
