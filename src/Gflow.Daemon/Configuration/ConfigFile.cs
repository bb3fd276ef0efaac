using System.Net;
using System.Text;
using Gflow.Client.Configuration;
using Gflow.Client.Platform;
using Gflow.Core.Submission;
using Gflow.Core.Text;
using Gflow.Daemon.Configuration.Reading;

using Gflow.Daemon.Http;

namespace Gflow.Daemon.Configuration;

/// <summary>What came of reading a configuration.</summary>
/// <param name="File">The file that was read; null when there is none.</param>
/// <param name="Options">Null exactly when there are problems.</param>
/// <param name="Problems">Everything that is wrong, in the order of the file, then of the environment.</param>
/// <param name="Warnings">What is allowed but probably not meant.</param>
/// <param name="Notes">Keys that are accepted and take effect in a later release.</param>
internal sealed record ConfigLoad(
    string? File,
    DaemonOptions? Options,
    IReadOnlyList<ConfigProblem> Problems,
    IReadOnlyList<ConfigProblem> Warnings,
    IReadOnlyList<ConfigProblem> Notes);

/// <summary>Reads the daemon's configuration from file and environment, and finds all that is wrong with it at once.</summary>
internal static class ConfigFile
{
    private const UnixFileMode ReadableByOthers = UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Reads, checks and types everything.</summary>
    /// <param name="configPath">The file of <c>--config</c>, which must exist and replaces the default one; or null.</param>
    /// <param name="environment">The environment of the process.</param>
    /// <param name="paths">The user's default paths.</param>
    public static ConfigLoad Load(string? configPath, IReadOnlyDictionary<string, string> environment, GflowPaths paths)
    {
        var source = ConfigSource.Read(configPath, environment, paths, DaemonSchema.Root);
        var rules = new SchemaRules(DaemonSchema.Root);
        var findings = new ConfigFindings();
        findings.Problems.AddRange(source.Problems);
        if (source.Problems.All(problem => problem.Key.Length > 0))
        {
            findings.Problems.AddRange(rules.Check(source.Root, DaemonSchema.Root, ""));
        }

        var root = new ConfigSection(source.Root, DaemonSchema.Root, "", findings, new SecretReader(environment, findings), rules);
        var data = root.Section("storage").Text(ConfigSchema.StoragePath.Name) is { } written ? ClientOptions.ReadDataDirectory(written, environment, findings.Problems) : null;
        var defaults = DaemonOptions.Defaults(data is null ? paths : paths.In(data));
        var options = new DaemonOptions
        {
            Timezone = Timezone(root),
            Daemon = Daemon(root.Section("daemon"), environment, defaults.Daemon),
            Executor = Executor(root.Section("executor"), defaults.Executor),
            Access = AccessValidator.Read(root.Section("access"), defaults.Access),
            Limits = Limits(root.Section("limits"), defaults.Limits),
            Projects = Projects(root.Section("projects")),
            Quota = Quota(root.Section("quota")),
            Storage = Storage(root.Section("storage"), defaults.Storage),
            Notifications = DaemonSchema.Notifications.Read(root.Section("notifications"), environment),
        };
        if (source.File is { } file && (source.Mode & ReadableByOthers) != 0 && HoldsSecrets(source.Root, DaemonSchema.Root))
        {
            findings.Warnings.Add(new ConfigProblem(
                "readable_secrets", ConfigOrigin.InFile(file), "", null, "the file holds secrets (webhook URLs, passwords or headers) and other users may read it", $"run chmod 600 {file}"));
        }

        return new ConfigLoad(
            source.File,
            findings.Problems.Count == 0 ? options : null,
            InOrder(findings.Problems),
            InOrder(findings.Warnings),
            InOrder(Later(source.Root, DaemonSchema.Root, "")));
    }

    private static TimeZoneInfo? Timezone(ConfigSection root)
    {
        if (root.Text("timezone") is not { } written)
        {
            return null;
        }

        if (ClientOptions.CheckTimezone(written) is { } problem)
        {
            root.Findings.Problems.Add(problem);
            return null;
        }

        return TimeZoneInfo.FindSystemTimeZoneById(written.Value);
    }

    private static ServingOptions Daemon(ConfigSection section, IReadOnlyDictionary<string, string> environment, ServingOptions fallback)
    {
        var problems = section.Findings.Problems;
        var host = section.Text("host") is { } name ? ClientOptions.ReadHost(name, problems) : null;
        if (IPAddress.TryParse(host, out var address) && !IPAddress.IsLoopback(address))
        {
            section.Wrong("host", section.Text("host")!, "other machines could reach the daemon, and nobody could tell who calls from there", "write \"localhost\"");
        }

        var fairShare = section.Section("fair_share");
        return new ServingOptions
        {
            Host = host ?? fallback.Host,
            Port = (int?)section.Number("port") ?? fallback.Port,
            MustHavePort = section.Number("port") is not null,
            Socket = section.Text("socket") is { } socket ? ClientOptions.ReadSocket(socket, environment, problems) ?? fallback.Socket : fallback.Socket,
            User = section.Text("user")?.Value ?? fallback.User,
            Gpus = section.Numbers("gpus") is { } gpus ? [.. gpus.Distinct().Order().Select(gpu => (int)gpu)] : null,
            GpuOrder = [.. (section.Numbers("gpu_order") ?? []).Distinct().Select(gpu => (int)gpu)],
            GpuAllocationStrategy = Strategy(section) ?? fallback.GpuAllocationStrategy,
            GpuPollInterval = Seconds(section, "gpu_poll_interval_secs") ?? fallback.GpuPollInterval,
            GpuIgnore = GpuIgnore(section),
            GpuMemoryFloorMb = section.Number("gpu_memory_floor_mb") ?? fallback.GpuMemoryFloorMb,
            SimulatedGpus = SimulatedGpuCards.Read(section),
            FairShare = new FairShareOptions
            {
                Enabled = fairShare.Flag("enabled") ?? fallback.FairShare.Enabled,
                HalfLifeSecs = fairShare.Number("half_life_secs") ?? fallback.FairShare.HalfLifeSecs,
            },
        };
    }

    private static GpuAllocationStrategy? Strategy(ConfigSection section)
    {
        switch (section.Text("gpu_allocation_strategy"))
        {
            case null:
                return null;
            case { Value: "sequential" }:
                return GpuAllocationStrategy.Sequential;
            case { Value: "random" }:
                return GpuAllocationStrategy.Random;
            case var other:
                section.Wrong("gpu_allocation_strategy", other, "there is no such strategy");
                return null;
        }
    }

    private static ExecutorOptions Executor(ConfigSection section, ExecutorOptions fallback)
    {
        switch (section.Text("type"))
        {
            case { Value: "tmux" } tmux:
                section.Warn(
                    "type", tmux, "jobs no longer run in tmux: the launcher runs them, and they outlive the daemon without it", "write \"process\"; read a job's output with gjob log -f");
                break;
            case { Value: not "process" } other:
                section.Wrong("type", other, "there is no such executor");
                break;
        }

        return new ExecutorOptions
        {
            HideGpus = section.Flag("hide_gpus") ?? fallback.HideGpus,
            NamesGpusByUuid = NamesGpusByUuid(section),
            PythonUnbuffered = section.Flag("python_unbuffered") ?? fallback.PythonUnbuffered,
            KillGrace = Seconds(section, "kill_grace_secs") ?? fallback.KillGrace,
            LauncherSocket = LauncherSocket(section) ?? fallback.LauncherSocket,
        };
    }

    private static string? LauncherSocket(ConfigSection section)
    {
        if (section.Text("launcher_socket") is not { } path || (path.Value.StartsWith('/') && !path.Value.Contains('\0') && Encoding.UTF8.GetByteCount(path.Value) <= SocketPath.Longest))
        {
            return section.Text("launcher_socket")?.Value;
        }

        section.Wrong("launcher_socket", path, "this is no place for a socket");
        return null;
    }

    private static bool NamesGpusByUuid(ConfigSection section)
    {
        if (section.Text("gpu_ids") is { Value: not ("index" or "uuid") } other)
        {
            section.Wrong("gpu_ids", other, "jobs can be told of their GPUs in two ways");
        }

        return section.Text("gpu_ids") is { Value: "uuid" };
    }

    private static List<string> GpuIgnore(ConfigSection section)
    {
        var written = section.Texts("gpu_ignore") ?? [];
        for (var i = 0; i < written.Count; i++)
        {
            if (!written[i].Value.StartsWith('/'))
            {
                section.Wrong("gpu_ignore", written[i], "a program is known by its absolute path", null, i);
            }
        }

        return [.. written.Select(path => path.Value)];
    }

    private static ProjectOptions Projects(ConfigSection section)
    {
        List<string> known = [];
        var written = section.Texts("known_projects") ?? [];
        for (var i = 0; i < written.Count; i++)
        {
            var name = written[i].Value.Trim();
            if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > SubmissionRules.MaxProjectBytes)
            {
                section.Warn("known_projects", written[i], "no job can have this project", $"write names of 1 to {SubmissionRules.MaxProjectBytes} bytes", i);
            }
            else
            {
                known.Add(name);
            }
        }

        return new ProjectOptions { KnownProjects = known, RequireProject = section.Flag("require_project") ?? false };
    }

    private static LimitOptions Limits(ConfigSection section, LimitOptions fallback) => new()
    {
        Connections = (int?)section.Number("connections"),
        RequestsPerSecond = (int?)section.Number("requests_per_second"),
        RequestsAtOnce = (int?)section.Number("requests_at_once"),
        BodyMb = section.Number("body_mb") ?? fallback.BodyMb,
        EnvironmentKb = section.Number("environment_kb") ?? fallback.EnvironmentKb,
    };

    private static QuotaOptions Quota(ConfigSection section)
    {
        return new QuotaOptions
        {
            DefaultUser = Limits(section.Section("default_user")),
            DefaultProject = Limits(section.Section("default_project")),
            Users = section.Named("users").ToDictionary(user => user.Name, user => Limits(user.Section)),
            Projects = section.Named("projects").ToDictionary(project => project.Name, project => Limits(project.Section)),
        };

        static QuotaLimits Limits(ConfigSection limits) =>
            new(limits.Number("max_running_jobs"), limits.Number("max_running_gpus"), limits.Number("max_queued_jobs"));
    }

    private static StorageOptions Storage(ConfigSection section, StorageOptions fallback)
    {
        return new StorageOptions
        {
            Path = fallback.Path,
            JobRetention = Retention(section, "job_retention", fallback.JobRetention),
            EventRetention = Retention(section, "event_retention", fallback.EventRetention),
            LogMaxMb = section.Number("log_max_mb") ?? fallback.LogMaxMb,
            MinFreeMb = section.Number("min_free_mb") ?? fallback.MinFreeMb,
            OutboxMaxMb = section.Number("outbox_max_mb") ?? fallback.OutboxMaxMb,
        };
    }

    private static TimeSpan? Retention(ConfigSection section, string key, TimeSpan? fallback)
    {
        if (section.Text(key) is not { } written)
        {
            return fallback;
        }

        if (written.Value.Trim().Equals("forever", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var period = DurationText.ParsePeriod(written.Value);
        if (!period.Ok || period.Value == TimeSpan.Zero)
        {
            section.Wrong(key, written, period.Ok ? "nothing would be kept at all" : "this is not a period");
            return fallback;
        }

        return period.Value;
    }

    private static TimeSpan? Seconds(ConfigSection section, string key) =>
        section.Number(key) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Whether a value that must not be shown was written into the file itself; one from the environment, or named there by its place, is not in it.</summary>
    private static bool HoldsSecrets(ConfigValue value, ConfigKey key) => (key.Kind, value) switch
    {
        (ConfigKind.Table, ConfigValue.Table table) => key.Children.Any(child => table[child.Name] is { } below && HoldsSecrets(below, child)),
        (ConfigKind.TableList, ConfigValue.List list) => list.Items.OfType<ConfigValue.Table>().Any(item => HoldsSecrets(item, key with { Kind = ConfigKind.Table })),

        // The path of a webhook is a secret at many services; mail servers and proxies have theirs before the host.
        (ConfigKind.SecretUrl, ConfigValue.Text url) when key.Name != "url" => url.Origin.File is not null && url.Value.Contains('@'),
        (ConfigKind.Secret or ConfigKind.SecretUrl, ConfigValue.Text text) => text.Origin.File is not null,
        (ConfigKind.SecretMap, ConfigValue.Table map) => map.Entries.Values.Any(entry => entry.Value is ConfigValue.Text { Origin.File: not null }),
        (ConfigKind.SecretList, ConfigValue.List list) => list.Items.Any(item => item is ConfigValue.Text { Origin.File: not null }),
        _ => false,
    };

    private static IEnumerable<ConfigProblem> Later(ConfigValue.Table table, ConfigKey schema, string path)
    {
        foreach (var (name, entry) in table.Entries)
        {
            var key = schema.Children.FirstOrDefault(child => child.Name == name);
            if (key is { Later: true })
            {
                yield return new ConfigProblem("later", entry.KeyOrigin, SchemaRules.Below(path, name), null, "accepted, takes effect in a later release", "");
            }
            else if ((key ?? AnyName(schema)) is { } shape && entry.Value is ConfigValue.Table below)
            {
                foreach (var note in Later(below, shape, SchemaRules.Below(path, name)))
                {
                    yield return note;
                }
            }
        }
    }

    /// <summary>What stands under a free name.</summary>
    private static ConfigKey? AnyName(ConfigKey map) => map.Kind == ConfigKind.TableMap ? map with { Kind = ConfigKind.Table } : null;

    private static IReadOnlyList<ConfigProblem> InOrder(IEnumerable<ConfigProblem> problems) =>
        [.. problems.OrderBy(problem => problem.Origin.Variable is not null).ThenBy(problem => problem.Origin.Line).ThenBy(problem => problem.Origin.Column)];
}
