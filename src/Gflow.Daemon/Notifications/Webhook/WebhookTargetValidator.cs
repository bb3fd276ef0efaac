using System.Text.RegularExpressions;
using Gflow.Client.Configuration;
using Gflow.Core.Notifications;
using Gflow.Core.Text;
using Gflow.Daemon.Configuration.Reading;

namespace Gflow.Daemon.Notifications.Webhook;

/// <summary>Reads one of <c>[[notifications.webhooks]]</c>.</summary>
internal static partial class WebhookTargetValidator
{
    /// <summary>What the API and the store call these targets.</summary>
    public const string Kind = "webhook";

    private static readonly ConfigKey SigningKey = new("secret", ConfigKind.Secret)
    {
        Secret = true,
        Form = "\"whsec_\" and the base64 of 24 to 64 random bytes, as from: echo whsec_$(openssl rand -base64 32)",
        Children = ConfigSchema.SecretPlaces,
    };

    public static SinkKind Sink { get; } = new(
        Kind,
        new("webhooks", ConfigKind.TableList)
        {
            Secret = true,
            Form = "each webhook as a table of its own, [[notifications.webhooks]]",
            Children =
            [
                TargetKeys.Name,
                new("url", ConfigKind.SecretUrl)
                {
                    Required = true,
                    Secret = true,
                    Form = "an absolute URL such as \"https://example.com/hook\" (http or https)",
                    Children = ConfigSchema.SecretPlaces,
                },
                TargetKeys.Events,
                TargetKeys.FilterUsers,
                TargetKeys.Group,
                TargetKeys.Include,
                new("headers", ConfigKind.SecretMap)
                {
                    Secret = true,
                    Form = "a table of texts such as { Authorization = \"Bearer …\" }",
                    Children = ConfigSchema.SecretPlaces,
                },
                SigningKey,
                new("secrets", ConfigKind.SecretList)
                {
                    Secret = true,
                    Form = "a list, the newest first, such as [{ file = \"/etc/gflow/hook.key\" }, { file = \"/etc/gflow/hook.old\", until = \"2026-12-01\" }], of " + SigningKey.Form,
                    Children = [.. ConfigSchema.SecretPlaces, ConfigSchema.SecretUntil],
                },
                new("proxy", ConfigKind.SecretUrl)
                {
                    Secret = true,
                    Form = "the URL of an HTTP proxy such as \"http://proxy.example.com:3128\", user and password before the host where it wants them",
                    Children = ConfigSchema.SecretPlaces,
                },
                TargetKeys.CaFile,
                TargetKeys.TimeoutSecs,
                TargetKeys.MaxRetries,
            ],
        },
        Read);

    /// <summary>Headers that gflow itself is answerable for.</summary>
    private static readonly string[] Ours = ["Host", "Content-Length", "Transfer-Encoding", "Connection"];

    /// <returns>The target, or null when something in it is wrong.</returns>
    private static WebhookTargetOptions? Read(ConfigSection target, TargetValidator common)
    {
        var before = target.Findings.Problems.Count;
        var url = HttpUrl.Read(target, "url");
        var headers = Headers(target);
        var secrets = Secrets(target);
        var proxy = Proxy(target);
        var authorities = common.Authorities(target);
        var events = TargetValidator.Events(target);
        var includesCommand = TargetValidator.IncludesCommand(target);
        return url is null || target.Findings.Problems.Count > before
            ? null
            : common.Named(target, new WebhookTargetOptions
            {
                Name = "",
                Url = url,
                Headers = headers,
                Secrets = secrets,
                Proxy = proxy,
                Authorities = authorities,
                Events = events,
                IncludesCommand = includesCommand,
                FilterUsers = TargetValidator.FilterUsers(target),
                SumsGroupsUp = TargetValidator.SumsGroupsUp(target),
                Timeout = TargetValidator.Timeout(target),
                MaxRetries = TargetValidator.MaxRetries(target),
            });
    }

    private static Uri? Proxy(ConfigSection target)
    {
        if (target.Secret("proxy") is not { } written)
        {
            return null;
        }

        var text = written.Value.Trim();
        var problem = HttpUrl.Problem(text) ?? (new Uri(text) switch
        {
            { Scheme: not "http" } => "the scheme is not http",
            { PathAndQuery: not "/" } or { Fragment: not "" } => "a proxy has no path",
            _ => null,
        });
        if (problem is null)
        {
            return new Uri(text);
        }

        target.Wrong("proxy", written, problem);
        return null;
    }

    private static List<SigningSecret> Secrets(ConfigSection target)
    {
        if (target.Secret("secret") is { } only && Signing(target, "secret", only, null, null) is { } single)
        {
            if (target.Whole("secrets") is { } besides)
            {
                target.Wrong("secrets", besides, "secret is there as well", "write all of them into secrets, the newest first");
            }

            return [single];
        }

        if (target.Whole("secrets") is not ConfigValue.List written)
        {
            return [];
        }

        List<SigningSecret> secrets = [];
        foreach (var (value, until, item) in target.SecretList("secrets"))
        {
            if (Signing(target, "secrets", value, until, item) is { } secret)
            {
                secrets.Add(secret);
            }
        }

        if (secrets.Count == written.Items.Count && secrets.All(secret => secret.Until is not null))
        {
            target.Wrong("secrets", written, secrets.Count == 0 ? "an empty list signs nothing" : "each of them ends, and nothing would sign then", "write the newest one without until");
        }

        return secrets;
    }

    private static SigningSecret? Signing(ConfigSection target, string key, ConfigValue.Text value, ConfigValue.Text? until, int? item)
    {
        DateTimeOffset? end = null;
        if (until is not null)
        {
            var read = InstantText.ParseEnd(until.Value);
            if (!read.Ok)
            {
                target.Findings.Problems.Add(new ConfigProblem(
                    "invalid_value", until.Origin, $"{target.PathOf(key)}[{item}].{ConfigSchema.SecretUntil.Name}", until.Shown, "this is neither a date nor an instant", ConfigSchema.SecretUntil.Remedy));
                return null;
            }

            end = read.Value;
        }

        var secret = SigningSecret.Parse(value.Value, end);
        if (secret.Ok)
        {
            return secret.Value;
        }

        target.Wrong(key, value, secret.Problems[0].Message, SigningKey.Remedy, item);
        return null;
    }

    private static Dictionary<string, string> Headers(ConfigSection target)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, nameOrigin, value) in target.SecretMap("headers"))
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
