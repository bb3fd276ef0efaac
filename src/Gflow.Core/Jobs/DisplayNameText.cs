namespace Gflow.Core.Jobs;

/// <summary>What people call a job: in lists, mail and webhooks alike.</summary>
public static class DisplayNameText
{
    /// <summary>The chosen name, else the script's file name, else the first word's base name; never the whole command, which may hold secrets.</summary>
    public static string Of(string? name, string? script, string? command) =>
        name ?? (script is null ? null : BaseName(script)) ?? BaseName(FirstWord(command ?? ""));

    private static string FirstWord(string command)
    {
        var trimmed = command.AsSpan().Trim();
        var end = trimmed.IndexOfAny(' ', '\t', '\n');
        return (end < 0 ? trimmed : trimmed[..end]).Trim("'\"").ToString();
    }

    private static string BaseName(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        return name.Length > 0 ? name : "job";
    }
}
