using System.Text.RegularExpressions;

namespace Gflow.Client.Configuration;

/// <summary>What may be shown of things that hold secrets.</summary>
public static partial class SecretText
{
    public const string Hidden = "***";

    /// <summary>Scheme and host of a URL; everything else, and whatever cannot be told apart safely, is hidden.</summary>
    public static string MaskUrl(string url)
    {
        var scheme = SchemeAtStart().Match(url);
        if (!scheme.Success)
        {
            return Hidden;
        }

        // A password with an unescaped slash moves the end of the authority into the password; the @ after it tells.
        var rest = url[scheme.Length..];
        var authority = rest[..(rest.IndexOfAny(['/', '?', '#', '\\']) is >= 0 and var end ? end : rest.Length)];
        var host = authority[(authority.LastIndexOf('@') + 1)..];
        var name = host.Split(':')[0];
        return rest.LastIndexOf('@') > authority.Length || !HostName().IsMatch(name)
            ? scheme.Value + Hidden
            : $"{scheme.Value}{(authority.Contains('@') ? Hidden + "@" : "")}{name}{(rest.Length > authority.Length || host != name ? "/" + Hidden : "")}";
    }

    /// <summary>A name that was given as a key, up to the first character that no plain name has: a whole header may have been written there.</summary>
    public static string MaskKey(string key)
    {
        var plain = PlainName().Match(key).Value;
        return plain.Length == key.Length ? key : plain + "…";
    }

    /// <summary>The value as it may be shown under a key.</summary>
    public static string Show(ConfigValue value, ConfigKey key) => (key.Secret, value) switch
    {
        (false, _) => value.Shown,
        (true, ConfigValue.Text { Place: { } place }) => place,
        (true, ConfigValue.Text text) when key.Kind == ConfigKind.SecretUrl => ConfigValue.Text.Quote(MaskUrl(text.Value)),
        _ => Hidden,
    };

    [GeneratedRegex("^[A-Za-z]{1,8}://")]
    private static partial Regex SchemeAtStart();

    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9.])?\z")]
    private static partial Regex HostName();

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{0,40}")]
    private static partial Regex PlainName();
}
