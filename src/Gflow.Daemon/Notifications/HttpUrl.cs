using Gflow.Daemon.Configuration.Reading;

namespace Gflow.Daemon.Notifications;

/// <summary>Addresses of web servers in the configuration. They are secrets.</summary>
internal static class HttpUrl
{
    /// <returns>Null when it is not there, or wrong.</returns>
    public static Uri? Read(ConfigSection section, string key)
    {
        if (section.Secret(key) is not { } written)
        {
            return null;
        }

        var text = written.Value.Trim();
        var problem = Problem(text) ?? (new Uri(text) is { Scheme: not ("http" or "https") } ? "the scheme is neither http nor https" : null);
        if (problem is null)
        {
            return new Uri(text);
        }

        section.Wrong(key, written, problem);
        return null;
    }

    /// <summary>Why a text is no address of a host; null when it is.</summary>
    public static string? Problem(string text) => text switch
    {
        "" => "the URL is blank",
        _ when text.Any(c => char.IsControl(c) || c == ' ') => "a URL has no blanks in it",
        _ when !Uri.TryCreate(text, UriKind.Absolute, out _) => "this is not an absolute URL",
        _ when new Uri(text) is { Scheme: "http" or "https", Host.Length: 0 } => "the URL has no host",
        _ => null,
    };
}
