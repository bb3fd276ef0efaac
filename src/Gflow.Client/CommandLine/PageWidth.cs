namespace Gflow.Client.CommandLine;

/// <summary>How wide what is written may be.</summary>
public static class PageWidth
{
    /// <param name="terminal">The columns of the terminal; null when there is none.</param>
    /// <returns>What COLUMNS says, else the terminal's columns; null for pipes and files, which get everything.</returns>
    public static int? Of(IReadOnlyDictionary<string, string> environment, Func<int?> terminal) =>
        environment.TryGetValue("COLUMNS", out var text) && int.TryParse(text, out var columns) && columns > 0 ? columns : terminal();
}
