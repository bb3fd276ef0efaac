using System.Net;
using System.Text;
using Gflow.Client.Platform;
using Gflow.Core;
using Gflow.Core.Text;

namespace Gflow.Client.Configuration;

/// <summary>The little that a client must know: where the daemon is, and the zone to read and show times in.</summary>
public sealed record ClientOptions
{
    public const string DefaultHost = "localhost";
    public const int DefaultPort = 59000;

    /// <summary>As <c>[daemon] user</c>: root's own daemon, for root's own jobs alone, as every other user has one.</summary>
    public const string RootName = "root";

    private const uint RootUid = 0;

    private static readonly SchemaRules Rules = new(ConfigSchema.Root);
    private static readonly ConfigKey[] Keys = [ConfigSchema.DaemonHost, ConfigSchema.DaemonPort, ConfigSchema.DaemonSocket, ConfigSchema.DaemonUser];

    /// <summary>Host name, IPv4 or bare IPv6 address of the daemon.</summary>
    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>Absolute path of the daemon's socket.</summary>
    public required string Socket { get; init; }

    /// <summary>The socket of the machine's shared daemon, to be asked where there is no daemon of one's own; null when a certain daemon is meant.</summary>
    public string? SharedSocket { get; init; }

    /// <summary>Whether the daemon may be looked for over TCP; not where its socket or its data directory is configured, as somebody else's daemon may listen on the port.</summary>
    public bool UsesTcp { get; init; } = true;

    /// <summary>As whom the configuration says that the daemon serves; null when it says nothing.</summary>
    public string? User { get; init; }

    /// <summary>Absolute path of the daemon's data directory.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>The configured time zone as written; null for that of this machine.</summary>
    public ConfigValue.Text? Timezone { get; init; }

    /// <summary>The environment's TZ; null where it has none.</summary>
    public string? LocalZone { get; init; }

    /// <summary>Where the daemon answers over TCP.</summary>
    public Uri Address => new UriBuilder(Uri.UriSchemeHttp, Host.Contains(':') ? $"[{Host}]" : Host, Port).Uri;

    /// <summary>Reads the few keys a client needs. Nothing else in the file or the environment can make it fail.</summary>
    /// <param name="configPath">The file of <c>--config</c>, or null.</param>
    /// <param name="environment">The environment of the process.</param>
    /// <param name="paths">The user's default paths.</param>
    public static Result<ClientOptions> Load(string? configPath, IReadOnlyDictionary<string, string> environment, GflowPaths paths)
    {
        var source = ConfigSource.Read(configPath, environment, paths, ConfigSchema.Root, [ConfigSchema.Daemon.Name, ConfigSchema.Storage.Name]);
        var needed = Keys.Select(key => PathOf(ConfigSchema.Daemon, key)).Append(PathOf(ConfigSchema.Storage, ConfigSchema.StoragePath)).ToHashSet();
        var problems = source.Problems.Where(problem => problem.Key.Length == 0 || needed.Contains(problem.Key)).ToList();
        var host = Checked(ConfigSchema.Daemon, ConfigSchema.DaemonHost);
        var port = Checked(ConfigSchema.Daemon, ConfigSchema.DaemonPort);
        var user = Checked(ConfigSchema.Daemon, ConfigSchema.DaemonUser) as ConfigValue.Text;
        var socket = Checked(ConfigSchema.Daemon, ConfigSchema.DaemonSocket) as ConfigValue.Text;
        var data = Checked(ConfigSchema.Storage, ConfigSchema.StoragePath) is ConfigValue.Text path ? ReadDataDirectory(path, environment, problems) : null;
        var home = data is null ? paths : (IsOfMachine(user?.Value) ? GflowPaths.Shared : paths).In(data);
        var options = new ClientOptions
        {
            Host = host is ConfigValue.Text name ? ReadHost(name, problems) ?? DefaultHost : DefaultHost,
            Port = port is ConfigValue.Number number ? (int)number.Value : DefaultPort,
            Socket = socket is null ? home.Socket : ReadSocket(socket, environment, problems) ?? home.Socket,
            SharedSocket = configPath is null && host is null && port is null && user is null && socket is null && data is null ? GflowPaths.Shared.Socket : null,
            UsesTcp = socket is null && data is null,
            User = user?.Value,
            DataDirectory = home.DataDirectory,
            Timezone = source.Root[ConfigSchema.Timezone.Name] as ConfigValue.Text,
            LocalZone = environment.GetValueOrDefault("TZ"),
        };
        return problems.Count == 0 ? options : Result<ClientOptions>.Fail([.. problems.Select(problem => problem.ToProblem())]);

        ConfigValue? Checked(ConfigKey section, ConfigKey key)
        {
            if (source.Root[section.Name] is not ConfigValue.Table table)
            {
                if (source.Root[section.Name] is { } wrong && problems.All(problem => problem.Key != section.Name))
                {
                    problems.AddRange(Rules.Check(wrong, section, section.Name));
                }

                return null;
            }

            if (table[key.Name] is not { } value)
            {
                return null;
            }

            var found = Rules.Check(value, key, PathOf(section, key)).ToList();
            problems.AddRange(found);
            return found.Count == 0 ? value : null;
        }
    }

    private static string PathOf(ConfigKey section, ConfigKey key) => $"{section.Name}.{key.Name}";

    /// <summary>Whether a configuration is that of the machine's daemon, which only root starts: root's own, unless it says otherwise, and one that names somebody else.</summary>
    private static bool IsOfMachine(string? user) => user is null ? Account.Own.Uid == RootUid : user != RootName && user != Account.Own.Name;

    /// <summary>The configured zone, or that of this machine.</summary>
    /// <returns>A problem when this machine does not know the zone.</returns>
    /// <remarks>Asked for by the commands that read or show local times, so that a bad zone does not stop the others.</remarks>
    public Result<TimeZoneInfo> Zone()
    {
        if (Timezone is null)
        {
            return Local();
        }

        return CheckTimezone(Timezone) is { } problem ? problem.ToProblem() : TimeZoneInfo.FindSystemTimeZoneById(Timezone.Value);
    }

    /// <summary>What TZ says (tzset(3)). The runtime knows names and files alone, and takes UTC for everything else.</summary>
    private Result<TimeZoneInfo> Local()
    {
        var name = LocalZone?.TrimStart(':') ?? "";
        return name.Length == 0 || FindZone(name) is not null || File.Exists(name) ? TimeZoneInfo.Local
            : PosixZone.Find(name) is { } zone ? zone
            : new Problem(ProblemCode.UnknownZone, $"TZ = \"{name}\": this machine knows no such time zone; write the name of one such as \"Europe/Berlin\", or a rule such as CET-1CEST,M3.5.0,M10.5.0/3");
    }

    /// <summary>The problem with a configured time zone; null when this machine knows it.</summary>
    public static ConfigProblem? CheckTimezone(ConfigValue.Text timezone) =>
        FindZone(timezone.Value) is null ? Wrong(timezone, ConfigSchema.Timezone, "timezone", "this machine knows no such time zone") : null;

    /// <summary>The time zone of that name; null when this machine knows none.</summary>
    public static TimeZoneInfo? FindZone(string name) => name.Length > 0 && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;

    /// <summary>The configured host without the brackets that an IPv6 address may have; null, and a problem more, when it is none.</summary>
    public static string? ReadHost(ConfigValue.Text text, List<ConfigProblem> problems)
    {
        var host = text.Value.Trim();
        var bare = host.StartsWith('[') && host.EndsWith(']') ? host[1..^1] : host;
        var right = bare.Contains(':')
            ? IPAddress.TryParse(bare, out _)
            : host == bare && Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4;
        if (right)
        {
            return bare;
        }

        problems.Add(Wrong(text, ConfigSchema.DaemonHost, "daemon.host", "this is neither a host name nor an address"));
        return null;
    }

    /// <summary>The configured socket as an absolute path; null, and a problem more, when it is none.</summary>
    public static string? ReadSocket(ConfigValue.Text text, IReadOnlyDictionary<string, string> environment, List<ConfigProblem> problems)
    {
        if (AbsolutePath(text.Value, environment) is { } path && Encoding.UTF8.GetByteCount(path) <= SocketPath.Longest)
        {
            return path;
        }

        problems.Add(Wrong(text, ConfigSchema.DaemonSocket, "daemon.socket", "this is no place for a socket"));
        return null;
    }

    /// <summary>The configured data directory as an absolute path; null, and a problem more, when it is none.</summary>
    public static string? ReadDataDirectory(ConfigValue.Text text, IReadOnlyDictionary<string, string> environment, List<ConfigProblem> problems)
    {
        if (AbsolutePath(text.Value, environment) is { } path)
        {
            return path;
        }

        problems.Add(Wrong(text, ConfigSchema.StoragePath, PathOf(ConfigSchema.Storage, ConfigSchema.StoragePath), "this path depends on where the daemon is started"));
        return null;
    }

    /// <summary>An absolute path as written, or one under the home directory for <c>~/…</c>; null for anything else.</summary>
    public static string? AbsolutePath(string path, IReadOnlyDictionary<string, string> environment)
    {
        if (path.Contains('\0'))
        {
            return null;
        }

        var full = path.StartsWith("~/", StringComparison.Ordinal) && environment.TryGetValue("HOME", out var home)
            ? Path.Combine(home, path[2..])
            : path;
        return Path.IsPathRooted(full) ? Path.GetFullPath(full) : null;
    }

    private static ConfigProblem Wrong(ConfigValue.Text value, ConfigKey key, string path, string message) =>
        new("invalid_value", value.Origin, path, SecretText.Show(value, key), message, key.Remedy);
}
