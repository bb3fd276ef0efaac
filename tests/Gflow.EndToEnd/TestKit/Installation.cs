using System.Runtime.CompilerServices;

[assembly: AssemblyFixture(typeof(Gflow.EndToEnd.TestKit.Installation))]
// Most of a test's time is waiting for processes, so more of them than there are cores do no harm.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.All, MaxThreads = 4)]

namespace Gflow.EndToEnd.TestKit;

/// <summary>The published binaries, installed as `make install` does it; gone after the last test.</summary>
public sealed class Installation : IDisposable
{
    private static readonly string[] Clients = ["gbatch", "gqueue", "gjob", "gcancel", "ginfo", "gctl", "gstats"];

    public Installation()
    {
        Binaries = Environment.GetEnvironmentVariable("GFLOW_BINARIES") is { } given && Path.IsPathRooted(given) && Directory.Exists(given)
            ? given
            : throw new InvalidOperationException("GFLOW_BINARIES must name the directory of the published binaries by an absolute path; `make e2e` does so.");
        Prefix = Directory.CreateTempSubdirectory("gflow-bin-").FullName;

        // For those who run it as somebody else.
        File.SetUnixFileMode(Prefix, File.GetUnixFileMode(Prefix) | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        InstallInto(Prefix);
    }

    /// <summary>Every command people have.</summary>
    public static IReadOnlyList<string> Commands { get; } = ["gflow", "gflowd", .. Clients];

    public string Binaries { get; }

    public string Prefix { get; }

    /// <summary>Installs into another place, or once more into the same.</summary>
    public void InstallInto(string prefix)
    {
        var ran = Run.Async(Path.Combine(Root(), "eng", "install"), [Binaries, prefix, .. Clients], new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" }).GetAwaiter().GetResult();
        Assert.True(ran.Code == 0, ran.Error);
    }

    public void Dispose() => Directory.Delete(Prefix, recursive: true);

    /// <summary>The repository, as this file was compiled in it.</summary>
    public static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", ".."));
}
