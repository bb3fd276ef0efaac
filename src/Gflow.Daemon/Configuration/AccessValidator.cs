using Gflow.Core.Access;
using Gflow.Daemon.Configuration.Reading;

namespace Gflow.Daemon.Configuration;

/// <summary>Reads <c>[access]</c>.</summary>
internal static class AccessValidator
{
    /// <summary>What sets the name of a group apart from that of a user.</summary>
    private const char GroupMark = '@';

    /// <summary>Names of directory servers, with their domains, are longer than the 32 characters of this machine's own.</summary>
    private const int LongestName = 256;

    public static AccessOptions Read(ConfigSection section, AccessOptions fallback)
    {
        var admins = Admins(section);
        return new AccessOptions
        {
            Policy = new AccessPolicy
            {
                Admins = [.. admins.Where(admin => !admin.IsGroup).Select(admin => admin.Name)],
                ShareCommands = section.Flag("share_commands") ?? false,
                ShareLogs = section.Flag("share_logs") ?? false,
            },
            Admins = admins,
            RootJobs = section.Flag("root_jobs") ?? fallback.RootJobs,
            SystemUsers = section.Flag("system_users") ?? fallback.SystemUsers,
        };
    }

    private static List<NamedAdmin> Admins(ConfigSection section)
    {
        var written = section.Texts("admins") ?? [];
        List<NamedAdmin> admins = [];
        for (var i = 0; i < written.Count; i++)
        {
            var isGroup = written[i].Value.StartsWith(GroupMark);
            var name = isGroup ? written[i].Value[1..] : written[i].Value;
            if (Flaw(name, isGroup) is { } flaw)
            {
                section.Wrong("admins", written[i], flaw, null, i);
            }
            else
            {
                admins.Add(new NamedAdmin(name, isGroup, written[i].Origin, $"{section.PathOf("admins")}[{i}]"));
            }
        }

        return admins;
    }

    /// <summary>Why nobody can be called that; null when somebody can. Names with a colon are no names anywhere, and gflow's own for users that have none.</summary>
    private static string? Flaw(string name, bool isGroup)
    {
        var whose = isGroup ? "group" : "user";
        return name.Length is 0 or > LongestName || name[0] is '-' or GroupMark || name.Any(c => char.IsControl(c) || c is ':' or ',' or '/')
            || name.Trim() != name || (!isGroup && name.Any(char.IsWhiteSpace))
            ? $"no {whose} can have this name"
            : name.All(char.IsAsciiDigit) ? $"this is a number, and {whose}s are named here" : null;
    }
}
