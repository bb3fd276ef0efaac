using System.Runtime.InteropServices;
using System.Text;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Execution.Local;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace Gflow.Tests.TestKit;

/// <summary>A data directory with a real launcher in it. Disposing of it ends every process that has to do with it.</summary>
internal sealed partial class LauncherHome : IAsyncDisposable
{
    public const int RecordBytes = 4096;

    private const int Sigkill = 9;
    private const int SetFlags = 2;

    private readonly List<IAsyncDisposable> _executors = [];
    private readonly string _root = Directory.CreateTempSubdirectory("gflow-launcher-").FullName;
    private readonly CancellationTokenSource _patience;

    public LauncherHome(string subdirectory = "data")
    {
        DataDirectory = Path.Combine(_root, subdirectory);
        Directory.CreateDirectory(DataDirectory);
        _patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        _patience.CancelAfter(TimeSpan.FromMinutes(2));
    }

    public string DataDirectory { get; }

    public string SocketPath => Path.Combine(DataDirectory, "launcher.sock");

    /// <summary>The launcher's records: pages, of which the first is the file's own and each other begins with zero or is a job's.</summary>
    public string RecordsPath => Path.Combine(DataDirectory, "launcher.jobs");

    /// <summary>Ends waits that would never end.</summary>
    public CancellationToken Patience => _patience.Token;

    /// <summary>A path in the directory that goes with the home.</summary>
    public string At(string name) => Path.Combine(_root, name);

    /// <summary>The log's path of a job started by <see cref="Shell"/>.</summary>
    public string Log(uint jobId = 1) => At($"{jobId}.log");

    /// <summary>How many jobs the launcher has on record.</summary>
    public int CountRecords() => File.ReadAllBytes(RecordsPath).Where(static (state, at) => at > 0 && at % RecordBytes == 0 && state != 0).Count();

    /// <summary>What <paramref name="jobId"/> wrote.</summary>
    public string ReadLog(uint jobId = 1) => File.ReadAllText(Log(jobId));

    /// <summary>A daemon's executor, connected.</summary>
    public async Task<LocalExecutor> ConnectAsync(long epoch = 1, Func<LocalExecutorOptions, LocalExecutorOptions>? change = null)
    {
        var executor = Create(epoch, change);
        await executor.ConnectAsync(Patience);
        return executor;
    }

    public LocalExecutor Create(long epoch = 1, Func<LocalExecutorOptions, LocalExecutorOptions>? change = null)
    {
        var options = new LocalExecutorOptions(DataDirectory, epoch);
        var executor = new LocalExecutor(change?.Invoke(options) ?? options, TimeProvider.System, NullLogger<LocalExecutor>.Instance);
        _executors.Add(executor);
        return executor;
    }

    /// <summary>A job that runs a line of shell.</summary>
    public LaunchRequest Shell(string line, uint jobId = 1, int attempt = 0) => new(
        jobId,
        attempt,
        "/bin/sh",
        ["-c", line],
        _root,
        [$"GFLOW_JOB_ID={jobId}", $"GFLOW_JOB_ATTEMPT={attempt}", $"GFLOW_JOB_LOG={Log(jobId)}", "PATH=/usr/bin:/bin"],
        Log(jobId),
        LogMaxBytes: 0,
        AppendLog: false);

    /// <summary>Starts a job that must start.</summary>
    public async Task<LaunchOutcome.Started> StartAsync(LocalExecutor executor, LaunchRequest request) =>
        Assert.IsType<LaunchOutcome.Started>(await executor.StartAsync(request, Patience));

    /// <summary>The next report of a kind, others passed over.</summary>
    public async Task<T> NextAsync<T>(IJobExecutor executor)
        where T : ExecutorReport
    {
        while (true)
        {
            if (await executor.Reports.ReadAsync(Patience) is T report)
            {
                return report;
            }
        }
    }

    /// <summary>Waits until a condition holds.</summary>
    public async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(5, Patience);
        }
    }

    /// <summary>Waits until a job has written a whole line that begins with <paramref name="start"/>; the rest of that line.</summary>
    public async Task<string> LineAsync(string start, uint jobId = 1)
    {
        string? line = null;
        await UntilAsync(() => (line = File.Exists(Log(jobId)) ? ReadLog(jobId).Split('\n')[..^1].FirstOrDefault(text => text.StartsWith(start, StringComparison.Ordinal)) : null) is not null);
        return line![start.Length..];
    }

    /// <summary>Whether a process runs; a zombie does not.</summary>
    public static bool Runs(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Kills a process as nobody can prevent, and waits until it is no more.</summary>
    public async Task KillAsync(int pid)
    {
        _ = Kill(pid, Sigkill);
        await UntilAsync(() => !Runs(pid));
    }

    /// <summary>Lets a descriptor be inherited by programs started from now on.</summary>
    public static void KeepAtExec(SafeFileHandle handle) => _ = ControlDescriptor(handle, SetFlags, 0);

    public async ValueTask DisposeAsync()
    {
        // First those who would start a new launcher when theirs is killed.
        foreach (var executor in _executors)
        {
            await executor.DisposeAsync();
        }

        // One look at all processes can miss one that is just being born; two in a row hardly.
        for (var clean = 0; clean < 2;)
        {
            var rest = Processes();
            rest.ForEach(static pid => _ = Kill(pid, Sigkill));
            clean = rest.Count == 0 ? clean + 1 : 0;
            await Task.Delay(5, CancellationToken.None);
        }

        _patience.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    /// <summary>Everything that runs and names this home in its command line or environment.</summary>
    private List<int> Processes()
    {
        var found = new List<int>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), out var pid) && pid != Environment.ProcessId && Runs(pid)
                && (Mentions($"{directory}/cmdline") || Mentions($"{directory}/environ")))
            {
                found.Add(pid);
            }
        }

        return found;
    }

    private bool Mentions(string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(file)).Contains(_root, StringComparison.Ordinal);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int ControlDescriptor(SafeFileHandle handle, int command, nint argument);
}
