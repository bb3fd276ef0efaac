using Gflow.Core.Jobs;

namespace Gflow.Daemon.Platform;

/// <summary>Where the daemon keeps what it keeps, all below one data directory.</summary>
internal sealed record DataPaths(string Root)
{
    public string Database => Path.Combine(Root, "gflow.db");

    public string Logs => Path.Combine(Root, "logs");

    /// <summary>Where a daemon in the background logs.</summary>
    public string DaemonLog => Path.Combine(Logs, "daemon.log");

    /// <summary>Copies of scripts while their jobs run.</summary>
    public string Scripts => Path.Combine(Root, "scripts");

    public string LogOf(JobId id) => Path.Combine(Logs, $"{id}.log");

    public string ScriptOf(JobId id) => Path.Combine(Scripts, id.ToString());

    /// <summary>Makes the directories, readable by their owner alone.</summary>
    /// <param name="isShared">Whether other users must pass through them to what is theirs.</param>
    /// <exception cref="IOException">One cannot be made; the message names what stands in the way.</exception>
    public void Create(bool isShared)
    {
        foreach (var directory in (string[])[Root, Logs, Scripts])
        {
            PrivateDirectory.Make(directory);
            if (isShared)
            {
                PrivateDirectory.LetPass(directory);
            }
        }
    }
}
