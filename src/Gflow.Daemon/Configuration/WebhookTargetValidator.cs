using System.Text.RegularExpressions;
using Gflow.Client.Configuration;

namespace Gflow.Daemon.Configuration;

/// <summary>Reads one of <c>[[notifications.webhooks]]</c>.</summary>
internal static partial class WebhookTargetValidator
{
    /// <summary>Headers that gflow itself is answerable for.</summary>
    private static readonly string[] Ours = ["Host", "Content-Length", "Transfer-Encoding", "Connection"];

    /// <returns>The target, or null when something in it is wrong.</returns>
    public static WebhookTargetOptions? Read(ConfigSection target, TargetValidator common)
    {
        var before = target.Findings.Problems.Count;
        var url = Url(target);
        var headers = Headers(target);
        var events = TargetValidator.Events(target);
        var includesCommand = TargetValidator.IncludesCommand(target);
        return url is null || target.Findings.Problems.Count > before
            ? null
            : new WebhookTargetOptions
            {
                Name = common.NameOf(target, url.Host, new UriBuilder(url) { UserName = "", Password = "" }.Uri.AbsoluteUri),
                Url = url,
                Headers = headers,
                Events = events,
                IncludesCommand = includesCommand,
                FilterUsers = TargetValidator.FilterUsers(target),
                Timeout = TargetValidator.Timeout(target),
                MaxRetries = TargetValidator.MaxRetries(target),
            };
    }

    private static Uri? Url(ConfigSection target)
    {
        if (target.Text("url") is not { } written)
        {
            return null;
        }

        var text = written.Value.Trim();
        var problem = text switch
        {
            "" => "the URL is blank",
            _ when text.Any(c => char.IsControl(c) || c == ' ') => "a URL has no blanks in it",
            _ when !Uri.TryCreate(text, UriKind.Absolute, out _) => "this is not an absolute URL",
            _ when new Uri(text) is { Scheme: not ("http" or "https") } => "the scheme is neither http nor https",
            _ when new Uri(text).Host.Length == 0 => "the URL has no host",
            _ => null,
        };
        if (problem is null)
        {
            return new Uri(text);
        }

        target.Wrong("url", written, problem);
        return null;
    }

    private static Dictionary<string, string> Headers(ConfigSection target)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, nameOrigin, value) in target.Map("headers"))
        {
            var path = SchemaRules.Below(target.PathOf("headers"), name);
            if (!HeaderName().IsMatch(name))
            {
                Report(target.Findings.Problems, nameOrigin, "this is not the name of a header", "write letters, digits and dashes, such as Authorization; what follows the colon goes to the right of the =");
            }
            else if (value.Value.Any(c => (c < ' ' && c != '\t') || c > '~'))
            {
                Report(target.Findings.Problems, value.Origin, "a header's value has a line break or a character that headers cannot carry", "write printable ASCII characters on one line");
            }
            else if (!headers.TryAdd(name, value.Value))
            {
                Report(target.Findings.Problems, nameOrigin, "this header is there twice, as case does not matter", "keep one of the two");
            }
            else if (Array.Exists(Ours, ours => ours.Equals(name, StringComparison.OrdinalIgnoreCase))
                || name.StartsWith("webhook-", StringComparison.OrdinalIgnoreCase))
            {
                headers.Remove(name);
                Report(target.Findings.Warnings, nameOrigin, "gflow sets this header itself, yours is not sent", "remove it");
            }

            void Report(List<ConfigProblem> list, ConfigOrigin origin, string message, string remedy) =>
                list.Add(new ConfigProblem("invalid_header", origin, path, SecretText.Hidden, message, remedy));
        }

        return headers;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9!#$%&'*+.^_`|~-]+\z")]
    private static partial Regex HeaderName();
}
