using Gflow.Client.Configuration;
using Gflow.Daemon.Configuration;

namespace Gflow.Tests.TestKit;

/// <summary>A user's home in a temporary directory, gone afterwards.</summary>
internal sealed class TestHome : IDisposable
{
    public TestHome()
    {
        Root = Directory.CreateTempSubdirectory("gflow-test-").FullName;
        Environment = new Dictionary<string, string>
        {
            ["HOME"] = Root,
            ["XDG_RUNTIME_DIR"] = Path.Combine(Root, "run"),
            // Run by root, these are root's own daemons too, and not the machine's.
            ["GFLOW_DAEMON__USER"] = System.Environment.UserName,
            ["PATH"] = System.Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin",
        };
        Paths = GflowPaths.From(Environment);
    }

    public string Root { get; }

    public IReadOnlyDictionary<string, string> Environment { get; }

    public GflowPaths Paths { get; }

    /// <summary>Two simulated GPUs, any free port, and any room on the disk.</summary>
    public DaemonOptions Options
    {
        get
        {
            var defaults = DaemonOptions.Defaults(Paths);
            return defaults with { Daemon = defaults.Daemon with { Host = "127.0.0.1", Port = 0, SimulatedGpus = SimulatedGpuCards.Of(2) }, Storage = defaults.Storage with { MinFreeMb = 0 } };
        }
    }

    /// <summary>Writes the default configuration file.</summary>
    public void Configure(string toml)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Paths.ConfigFile)!);
        File.WriteAllText(Paths.ConfigFile, toml);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
