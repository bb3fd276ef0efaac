using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Gflow.Client;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Shared;

/// <summary>How a daemon for everybody comes to be.</summary>
public enum Way
{
    /// <summary>Root's gflowd starts the launcher, and becomes the user that serves.</summary>
    ByRoot,

    /// <summary>Init starts the launcher as root and gflowd as the user that serves, which never was root; and each again when it has ended.</summary>
    ByInit,
}

/// <summary>
/// A daemon that root has started for everybody, at places of its own. Disposing of it ends every process that has to do with it
/// and removes every file.
/// </summary>
internal sealed class SharedMachine : IAsyncDisposable
{
    private const UnixFileMode Passable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private const string Post = """
        import http.client, socket, sys
        path, body = sys.argv[1:]
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(path)
        connection.request("POST", "/jobs", body, {"Content-Type": "application/json"})
        print(connection.getresponse().read().decode())
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly StringBuilder _log = new();
    private readonly Installation _installed;
    private readonly Way _way;
    private readonly List<string> _launcherFlags = [];
    private Process? _daemon;
    private Process? _launcher;

    private SharedMachine(Installation installed, People people, Way way)
    {
        _installed = installed;
        _way = way;
        People = people;
        Root = Directory.CreateTempSubdirectory("gflow-shared-").FullName;
        File.SetUnixFileMode(Root, Passable);
        Open = At("open");
        Directory.CreateDirectory(Open, Passable);
        File.SetUnixFileMode(Open, Passable | UnixFileMode.OtherWrite | UnixFileMode.StickyBit);
        Client = new GflowClient(Socket, people.Server);
    }

    public People People { get; }

    public string Root { get; }

    /// <summary>Where everybody may write.</summary>
    public string Open { get; }

    public string Data => At("data");

    public string Logs => At("data/logs");

    public string Socket => At("run/gflowd.sock");

    public string ConfigFile => At("gflow.toml");

    /// <summary>The socket of the launcher with root's rights.</summary>
    public string LauncherSocket => At("launcher/launcher.sock");

    /// <summary>Asks as root.</summary>
    public GflowClient Client { get; }

    public int DaemonPid => _daemon!.Id;

    public string DaemonLog
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Dictionary<string, string> Environment => new()
    {
        ["PATH"] = $"{_installed.Prefix}/bin:/usr/local/bin:/usr/bin:/bin",
        ["LANG"] = "C.UTF-8",
        ["GFLOW_DAEMON__SOCKET"] = Socket,
    };

    /// <summary>Of commands: not at the machine's usual place, the daemon is known by its user.</summary>
    private Dictionary<string, string> ClientEnvironment => new(Environment) { ["GFLOW_DAEMON__USER"] = People.Server };

    /// <summary>A machine without a daemon.</summary>
    public static SharedMachine Create(Installation installed, People people, string more = "", Way way = Way.ByRoot)
    {
        var machine = new SharedMachine(installed, people, way);
        machine.Configure(people.Server, more);
        return machine;
    }

    /// <summary>A machine with a daemon that answers.</summary>
    /// <param name="launcherFlags">What init starts the launcher with beside its places; root's gflowd takes this from the configuration.</param>
    public static async Task<SharedMachine> StartAsync(Installation installed, People people, string more = "", Way way = Way.ByRoot, params string[] launcherFlags)
    {
        var machine = Create(installed, people, more, way);
        machine._launcherFlags.AddRange(launcherFlags);
        try
        {
            await machine.StartDaemonAsync();
            return machine;
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    public string At(string name) => Path.Combine(Root, name);

    public void Configure(string user, string more = "") => Replaced.Write(ConfigFile, $"""
        [daemon]
        user = "{user}"
        host = "127.0.0.1"
        port = 0
        socket = "{Socket}"
        simulated_gpus = 2

        [storage]
        path = "{Data}"

        [executor]
        kill_grace_secs = 1
        launcher_socket = "{LauncherSocket}"

        {more}
        """);

    /// <summary>What a daemon is started with beside what commands are.</summary>
    public Dictionary<string, string> DaemonVariables { get; } = [];

    /// <param name="through">A program, with its words, that becomes the daemon.</param>
    public async Task StartDaemonAsync(params string[] through)
    {
        if (_way == Way.ByInit && _launcher is null)
        {
            foreach (var place in (string[])[Data, Path.GetDirectoryName(Socket)!])
            {
                await People.DoneAsync("install", "-d", "-o", People.Server, "-g", People.Server, "-m", "0711", place);
            }

            StartLauncher();
        }

        string[] become = _way == Way.ByRoot ? [] : ["setpriv", "--reuid", People.Server, "--regid", People.Server, "--init-groups", "--inh-caps=-all", "--bounding-set=-all"];
        string[] command = [.. through, .. become, Program("gflowd"), "--config", ConfigFile];
        _daemon = Run.Start(command[0], command[1..], new Dictionary<string, string>(Environment.Concat(DaemonVariables)));
        _daemon.ErrorDataReceived += (_, line) =>
        {
            lock (_log)
            {
                _log.Append(line.Data).Append('\n');
            }
        };
        _daemon.BeginErrorReadLine();
        await UntilAsync(
            async () =>
            {
                Assert.False(_daemon.HasExited, DaemonLog);
                return await Client.HealthAsync(Ct) is { Ok: true } health && health.Value.Pid == _daemon.Id;
            },
            "the daemon answers");
    }

    /// <summary>Asks the daemon to end.</summary>
    public async Task StopDaemonAsync()
    {
        Processes.Signal(DaemonPid, Processes.Terminate);
        await _daemon!.WaitForExitAsync(Ct);
        Assert.Equal(0, _daemon.ExitCode);
    }

    public async Task KillDaemonAsync()
    {
        _daemon!.Kill();
        await _daemon.WaitForExitAsync(Ct);
    }

    /// <summary>Starts a daemon that refuses to serve; what it says.</summary>
    public async Task<string> RefusedAsync(params string[] arguments)
    {
        var ran = await Run.Async(Program("gflowd"), ["--config", ConfigFile, .. arguments], Environment);
        Assert.True(ran.Code == 1, ran.ToString());
        return ran.Error;
    }

    /// <summary>Runs a command as somebody.</summary>
    public Task<Ran> AsAsync(string user, string program, params string[] arguments) => People.AsAsync(user, ClientEnvironment, program, arguments);

    /// <summary>Submits with gbatch as somebody.</summary>
    public async Task<uint> SubmitAsync(string user, params string[] arguments) => Id(await AsAsync(user, "gbatch", ["--json", .. arguments]));

    /// <summary>Sends a submission as somebody, as no command would; the answer.</summary>
    public async Task<string> PostAsync(string user, string body)
    {
        var ran = await AsAsync(user, "/usr/bin/python3", "-c", Post, Socket, body);
        Assert.True(ran.Code == 0, ran.ToString());
        return ran.Out;
    }

    /// <summary>The number of a job from what gbatch said of it.</summary>
    public static uint Id(Ran ran)
    {
        Assert.True(ran.Code == 0, ran.ToString());
        using var answer = JsonDocument.Parse(ran.Out);
        return answer.RootElement.GetProperty("id").GetUInt32();
    }

    public async Task<JobView> JobAsync(uint id)
    {
        var job = await Client.GetAsync(new JobId(id), Ct);
        return job.Ok ? job.Value : throw new InvalidOperationException(job.Failure.Message + DaemonLog);
    }

    public async Task<JobView> EndedAsync(uint id)
    {
        JobView? job = null;
        await UntilAsync(async () => (job = await JobAsync(id)).FinishedAt is not null, $"job {id} has ended");
        return job!;
    }

    /// <summary>Waits for a job to succeed; the lines it wrote.</summary>
    public async Task<string[]> OutputAsync(uint id)
    {
        var job = await EndedAsync(id);
        Assert.True(job.State == "Finished", $"{job.State} {job.ReasonText}\n{Log(id)}");
        return Log(id).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Waits until a file is there; its text.</summary>
    public async Task<string> FileAsync(string path)
    {
        await UntilAsync(() => Task.FromResult(File.Exists(path) && new FileInfo(path).Length > 0), $"{path} is there");
        return (await File.ReadAllTextAsync(path, Ct)).Trim();
    }

    /// <summary>The launcher itself, not what guards it.</summary>
    public int LauncherPid() => Assert.Single(Processes.Mentioning(LauncherSocket), pid => Processes.CommandLine(pid).Contains(_way == Way.ByRoot ? "--guarded" : "--of-init", StringComparison.Ordinal));

    /// <summary>The process that knows the jobs, and has no rights.</summary>
    public int KeeperPid() => Assert.Single(Processes.Mentioning(LauncherSocket), pid => Processes.CommandLine(pid).Contains("launcher.sock --parent", StringComparison.Ordinal));

    public Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    public Task UntilAsync(Func<Task<bool>> condition, string what) => Waiting.UntilAsync(condition, Patience, () => what, () => DaemonLog);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_launcher is not null)
        {
            _launcher.EnableRaisingEvents = false;
        }

        await Processes.EndAllAsync(Root);
        _daemon?.Dispose();
        _launcher?.Dispose();
        Directory.Delete(Root, recursive: true);
    }

    /// <summary>As init would, which starts it again when it ends.</summary>
    private void StartLauncher()
    {
        var program = Path.Combine(_installed.Prefix, "libexec/gflow/gflow-launcher");
        _launcher = Run.Start(program, ["--for", People.Server, "--data", Data, "--socket", LauncherSocket, .. _launcherFlags], Environment);
        _launcher.ErrorDataReceived += (_, line) =>
        {
            lock (_log)
            {
                _log.Append(line.Data).Append('\n');
            }
        };
        _launcher.BeginErrorReadLine();
        _launcher.Exited += (_, _) => StartLauncher();
        _launcher.EnableRaisingEvents = true;
    }

    private string Log(uint id) => File.Exists($"{Logs}/{id}.log") ? File.ReadAllText($"{Logs}/{id}.log") : "(no log)";

    private string Program(string name) => Path.Combine(_installed.Prefix, "bin", name);
}
