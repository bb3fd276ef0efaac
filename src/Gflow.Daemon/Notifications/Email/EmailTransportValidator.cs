using System.Net;
using Gflow.Client.Configuration;
using Gflow.Daemon.Configuration.Reading;
using MimeKit;

namespace Gflow.Daemon.Notifications.Email;

/// <summary>Reads one of <c>[[notifications.emails]]</c>.</summary>
internal static class EmailTransportValidator
{
    /// <summary>What the API and the store call these targets.</summary>
    public const string Kind = "email";

    public static SinkKind Sink { get; } = new(
        Kind,
        new("emails", ConfigKind.TableList)
        {
            Secret = true,
            Form = "each mail transport as a table of its own, [[notifications.emails]]",
            Children =
            [
                TargetKeys.Name,
                new("smtp_url", ConfigKind.SecretUrl)
                {
                    Required = true,
                    Secret = true,
                    Children = ConfigSchema.SecretPlaces,
                    Form = "smtps://USER:PASSWORD@HOST[:465], smtp://USER:PASSWORD@HOST[:587]?tls=required (or opportunistic) or smtp://HOST[:25]; special characters of user and password as %XX",
                },
                new("password", ConfigKind.Secret)
                {
                    Secret = true,
                    Form = "the password of the user in smtp_url",
                    Children = ConfigSchema.SecretPlaces,
                },
                new("from", ConfigKind.Text) { Required = true, Form = "one mailbox such as \"gflow <noreply@example.com>\"" },
                new("to", ConfigKind.TextList) { Form = "a list of mailboxes such as [\"ops@example.com\"]" },
                TargetKeys.Events,
                TargetKeys.FilterUsers,
                TargetKeys.Group,
                TargetKeys.Include,
                new("subject_prefix", ConfigKind.Text),
                TargetKeys.TimeoutSecs,
                TargetKeys.MaxRetries,
                new("default", ConfigKind.Flag),
                TargetKeys.CaFile,
                new("allow_cleartext_auth", ConfigKind.Flag),
            ],
        },
        Read)
    {
        ServesMailboxes = true,
        Compare = transports =>
        {
            foreach (var second in transports.Where(transport => transport.Flag("default") == true).Skip(1))
            {
                second.Wrong("default", second.Whole("default")!, "another transport is the default already", "set default = true on one transport alone");
            }
        },
    };

    /// <returns>The transport, or null when something in it is wrong.</returns>
    private static EmailTransportOptions? Read(ConfigSection target, TargetValidator common)
    {
        var before = target.Findings.Problems.Count;
        var cleartextAuth = target.Flag("allow_cleartext_auth") ?? false;
        var smtp = Smtp(target, cleartextAuth);
        var authorities = common.Authorities(target);
        var from = target.Text("from") is { } written ? Mailbox(target, "from", written, null) : null;
        var to = Recipients(target);
        var events = TargetValidator.Events(target);
        var includesCommand = TargetValidator.IncludesCommand(target);
        return smtp is null || from is null || target.Findings.Problems.Count > before
            ? null
            : common.Named(target, new EmailTransportOptions
            {
                Name = "",
                Smtp = smtp,
                From = from,
                To = to,
                Events = events,
                IncludesCommand = includesCommand,
                FilterUsers = TargetValidator.FilterUsers(target),
                SumsGroupsUp = TargetValidator.SumsGroupsUp(target),
                SubjectPrefix = Prefix(target),
                Timeout = TargetValidator.Timeout(target),
                MaxRetries = TargetValidator.MaxRetries(target),
                Default = target.Flag("default") ?? false,
                Authorities = authorities,
                AllowCleartextAuth = cleartextAuth,
            });
    }

    private static SmtpEndpoint? Smtp(ConfigSection target, bool cleartextAuth)
    {
        var password = target.Secret("password");
        if (target.Secret("smtp_url") is not { } written)
        {
            return null;
        }

        var read = SmtpEndpoint.Parse(written.Value, password?.Value);
        if (!read.Ok)
        {
            target.Wrong("smtp_url", written, read.Problems[0].Message);
            return null;
        }

        if (read.Value is { TlsMode: SmtpTlsMode.None, Password: not null } && !IsThisMachine(read.Value.Host))
        {
            target.Warn(
                "smtp_url",
                written,
                cleartextAuth ? "the password crosses the network in clear" : "there is no encryption, and no password is sent in clear: no mail will go out",
                "use smtps://, or smtp:// with ?tls=required" + (cleartextAuth ? "" : ", or set allow_cleartext_auth = true"));
        }

        return read.Value;
    }

    // What a name means is known when a connection is made, and decided then.
    private static bool IsThisMachine(string host) =>
        IPAddress.TryParse(host, out var address) ? IPAddress.IsLoopback(address) : host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    private static List<MailboxAddress> Recipients(ConfigSection target)
    {
        List<MailboxAddress> recipients = [];
        var written = target.Texts("to") ?? [];
        for (var i = 0; i < written.Count; i++)
        {
            if (!string.IsNullOrWhiteSpace(written[i].Value) && Mailbox(target, "to", written[i], i) is { } recipient)
            {
                recipients.Add(recipient);
            }
        }

        return recipients;
    }

    private static MailboxAddress? Mailbox(ConfigSection target, string key, ConfigValue.Text written, int? item)
    {
        if (MailboxRules.Parse(written.Value) is { } mailbox)
        {
            return mailbox;
        }

        target.Wrong(key, written, "this is not a mailbox", "write one address such as alice@example.com or \"Alice <alice@example.com>\"", item);
        return null;
    }

    private static string? Prefix(ConfigSection target)
    {
        var prefix = target.Text("subject_prefix")?.Value.Trim();
        return string.IsNullOrEmpty(prefix) ? null : prefix;
    }
}
