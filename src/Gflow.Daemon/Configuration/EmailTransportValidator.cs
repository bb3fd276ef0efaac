using System.Net;
using Gflow.Client.Configuration;
using MimeKit;

namespace Gflow.Daemon.Configuration;

/// <summary>Reads one of <c>[[notifications.emails]]</c>.</summary>
internal static class EmailTransportValidator
{
    /// <param name="environment">Of the process, for the home directory.</param>
    /// <returns>The transport, or null when something in it is wrong.</returns>
    public static EmailTransportOptions? Read(ConfigSection target, TargetValidator common, IReadOnlyDictionary<string, string> environment)
    {
        var before = target.Findings.Problems.Count;
        var cleartextAuth = target.Flag("allow_cleartext_auth") ?? false;
        var smtp = Smtp(target, cleartextAuth);
        var authorities = AuthorityFile.Read(target, environment);
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
