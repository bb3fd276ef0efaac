using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Gflow.Core;

namespace Gflow.Daemon.Notifications.Email;

/// <summary>When a connection to a mail server is encrypted.</summary>
internal enum SmtpTlsMode
{
    /// <summary>From the first byte.</summary>
    Implicit,

    /// <summary>After STARTTLS; a server without it is refused.</summary>
    StartTlsRequired,

    /// <summary>After STARTTLS where the server offers it, else in clear.</summary>
    Opportunistic,

    /// <summary>Never.</summary>
    None,
}

/// <summary>A mail server and how to speak to it, from a URL <c>scheme://user:password@host:port/ehlo-name?tls=mode</c>.</summary>
internal sealed partial record SmtpEndpoint
{
    /// <summary>Host name or bare address; also the name that the server's certificate must bear.</summary>
    public required string Host { get; init; }

    public required int Port { get; init; }

    public required SmtpTlsMode TlsMode { get; init; }

    /// <summary>Decoded; null when there is no password, as then nobody logs in.</summary>
    public string? User { get; init; }

    /// <summary>Decoded; null when nobody logs in.</summary>
    public string? Password { get; init; }

    /// <summary>The name to greet with; null for that of this machine.</summary>
    public string? EhloName { get; init; }

    /// <summary>No part of it may reach a log.</summary>
    public override string ToString() => $"{Host}:{Port.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Longer than any URL that was meant as one; keeps the pattern's time in bounds.</summary>
    private const int LongestUrl = 4096;

    /// <summary>Reads an SMTP URL.</summary>
    /// <param name="url">As configured.</param>
    /// <param name="password">In the place of the URL's, as it is; null to take that of the URL.</param>
    /// <returns>The endpoint, or a problem whose message holds no part of the URL.</returns>
    public static Result<SmtpEndpoint> Parse(string url, string? password = null)
    {
        url = url.Trim();
        var parts = Url().Match(url.Length > LongestUrl ? "" : url);
        if (!parts.Success)
        {
            return No("this is not an SMTP URL");
        }

        // A password with a bare slash or question mark ends the host too early; the @ then lies behind it.
        if (url.LastIndexOf('@') > parts.Groups["host"].Index)
        {
            return No("the host ends before the user name does: / ? # @ in user or password are written as %2F %3F %23 %40");
        }

        if (Tls(parts.Groups["scheme"].Value.ToLowerInvariant(), parts.Groups["query"].Value) is not { } tls)
        {
            return parts.Groups["scheme"].Value.ToLowerInvariant() is "smtp" or "smtps"
                ? No("the only option of an SMTP URL is tls, and it is required or opportunistic")
                : No("the scheme is neither smtps nor smtp");
        }

        var host = parts.Groups["host"].Value.Trim('[', ']');
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
        {
            return No("the host is neither a name nor an address");
        }

        var port = tls.DefaultPort;
        if (parts.Groups["port"].Value is { Length: > 0 } written && !(int.TryParse(written, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65_535))
        {
            return No("the port is not a number from 1 to 65535");
        }

        return Finish(parts, new SmtpEndpoint { Host = host, Port = port, TlsMode = tls.Mode }, password);
    }

    private static Result<SmtpEndpoint> Finish(Match parts, SmtpEndpoint endpoint, string? password)
    {
        if (password is not null || parts.Groups["password"].Success)
        {
            var user = Decode(parts.Groups["user"].Value);
            password ??= Decode(parts.Groups["password"].Value);
            if (user is null || password is null)
            {
                return No("user or password are not UTF-8 once their %XX are decoded");
            }

            if (user.Length == 0)
            {
                return No("there is a password but no user: write smtps://USER@HOST");
            }

            endpoint = endpoint with { User = user, Password = password };
        }

        var path = Decode(parts.Groups["path"].Value.TrimStart('/'));
        return path switch
        {
            "" => endpoint,
            not null when EhloText().IsMatch(path) => endpoint with { EhloName = path },
            _ => No("the path is the name to greet with, and this is no host name"),
        };
    }

    private static (SmtpTlsMode Mode, int DefaultPort)? Tls(string scheme, string query) => (scheme, query) switch
    {
        ("smtps", "" or "tls=required" or "tls=opportunistic" or "tls=none") => (SmtpTlsMode.Implicit, 465),
        ("smtp", "tls=required") => (SmtpTlsMode.StartTlsRequired, 587),
        ("smtp", "tls=opportunistic") => (SmtpTlsMode.Opportunistic, 587),
        ("smtp", "") => (SmtpTlsMode.None, 25),
        _ => null,
    };

    /// <summary>Percent-decoded, stray percent signs kept; null when the bytes are not UTF-8.</summary>
    private static string? Decode(string text)
    {
        List<byte> bytes = [];
        var source = Encoding.UTF8.GetBytes(text);
        for (var i = 0; i < source.Length; i++)
        {
            if (source[i] == '%' && i + 2 < source.Length
                && byte.TryParse(source.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var decoded))
            {
                bytes.Add(decoded);
                i += 2;
            }
            else
            {
                bytes.Add(source[i]);
            }
        }

        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. bytes]);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static Problem No(string why) => new(ProblemCode.InvalidSmtpUrl, why);

    [GeneratedRegex(@"\A(?<scheme>[A-Za-z][A-Za-z0-9+.-]*)://((?<user>[^:/?#\s]*?)(:(?<password>[^/?#\s]*))?@)?(?<host>\[[0-9A-Fa-f:.]+\]|[^@:/?#\s\[\]]+)(:(?<port>[^/?#\s@]*))?(?<path>/[^?#\s]*)?(\?(?<query>[^#\s]*))?\z")]
    private static partial Regex Url();

    [GeneratedRegex(@"\A([A-Za-z0-9]([A-Za-z0-9.-]{0,253})|\[[0-9A-Za-z.:]+\])\z")]
    private static partial Regex EhloText();
}
