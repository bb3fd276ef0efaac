using Gflow.Daemon.Configuration.Reading;

namespace Gflow.Daemon.Notifications;

/// <summary>Reads <c>[notifications.recipients]</c>.</summary>
internal static class RecipientValidator
{
    public static RecipientOptions Read(ConfigSection section) => new()
    {
        Domain = Domain(section),
        Allow = Allow(section),
        PerUserPerHour = (int?)section.Number("per_user_per_hour"),
    };

    private static string? Domain(ConfigSection section)
    {
        if (section.Text("domain") is not { } written)
        {
            return null;
        }

        var domain = written.Value.Trim();
        if (MailboxRules.Parse($"user@{domain}") is null || Uri.CheckHostName(domain) != UriHostNameType.Dns)
        {
            section.Wrong("domain", written, "this is not the domain of a mail address");
        }

        return domain;
    }

    private static List<string>? Allow(ConfigSection section)
    {
        if (section.Texts("allow") is not { } written)
        {
            return null;
        }

        if (written.Count == 0)
        {
            section.Wrong("allow", section.Whole("allow")!, "nobody could be told", "name addresses such as \"*@lab.example.org\", or leave the key out to allow all");
        }

        for (var i = 0; i < written.Count; i++)
        {
            if (MailboxRules.Parse(written[i].Value.Replace('*', 'x')) is null)
            {
                section.Wrong("allow", written[i], "no address looks like this", null, i);
            }
        }

        return [.. written.Select(pattern => pattern.Value.Trim())];
    }
}
