using Gflow.Client.Configuration;
using Gflow.Core;
using Gflow.Daemon.Configuration;

namespace Gflow.Tests.Configuration;

/// <summary>A user's home in a temporary directory, with an environment of its own.</summary>
internal sealed class ConfigHome : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("gflow-config-").FullName;

    public ConfigHome(string? toml = null)
    {
        Environment = new Dictionary<string, string> { ["HOME"] = _root, ["XDG_RUNTIME_DIR"] = Path.Combine(_root, "run") };
        Paths = GflowPaths.From(Environment);
        if (toml is not null)
        {
            Write(Paths.ConfigFile, toml);
        }
    }

    public Dictionary<string, string> Environment { get; }

    public GflowPaths Paths { get; }

    public string Write(string path, string toml)
    {
        var full = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, toml);
        File.SetUnixFileMode(full, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return full;
    }

    public ConfigHome With(string variable, string value)
    {
        Environment[variable] = value;
        return this;
    }

    public ConfigLoad Load(string? configPath = null) => ConfigFile.Load(configPath, Environment, Paths);

    public Result<ClientOptions> LoadClient(string? configPath = null) => ClientOptions.Load(configPath, Environment, Paths);

    /// <summary>The options of a configuration that must be right.</summary>
    public DaemonOptions Options(string? configPath = null)
    {
        var load = Load(configPath);
        Assert.Empty(load.Problems.Select(problem => problem.ToString()));
        return load.Options!;
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
