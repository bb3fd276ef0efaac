using Gflow.Core.Access;
using Gflow.Daemon.Configuration.Reading;

namespace Gflow.Daemon.Configuration;

/// <summary>Reads <c>[access]</c>.</summary>
internal static class AccessValidator
{
    public static AccessPolicy Read(ConfigSection section) => new()
    {
        Admins = Admins(section),
        ShareCommands = section.Flag("share_commands") ?? false,
        ShareLogs = section.Flag("share_logs") ?? false,
    };

    private static List<string> Admins(ConfigSection section)
    {
        var written = section.Texts("admins") ?? [];
        for (var i = 0; i < written.Count; i++)
        {
            if (written[i].Value.Length == 0 || written[i].Value.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)))
            {
                section.Wrong("admins", written[i], "no user can have this login name", null, i);
            }
        }

        return [.. written.Select(name => name.Value)];
    }
}
