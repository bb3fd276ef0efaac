using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Gflow.Client;
using Gflow.Client.Configuration;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Daemon.Demo;
using Gflow.Tests.TestKit;

namespace Gflow.EndToEnd.TestKit;

/// <summary>
/// A home of its own with the real daemon, the real clients and receivers for its messages. Disposing of it ends every process
/// that has to do with it and removes every file.
/// </summary>
internal sealed class Machine : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly StringBuilder _log = new();
    private readonly List<int> _daemons = [];
    /// <summary>Everything, so that it can be searched for secrets; a soak's hours of that would be gigabytes.</summary>
    private static readonly string[] Loquacity = System.Environment.GetEnvironmentVariable("GFLOW_KILLS") is null && System.Environment.GetEnvironmentVariable("GFLOW_HISTORY_OPERATIONS") is null ? ["-vv"] : [];

    private readonly string _prefix;
    private readonly Planted _planted;
    private Process? _daemon;

    private Machine(string prefix, WebhookReceiver hook)
    {
        _prefix = prefix;
        Program = Path.Combine(prefix, "bin", "gflowd");
        Hook = hook;
        Root = Directory.CreateTempSubdirectory("gflow-e2e-").FullName;
        Work = At("work");
        Directory.CreateDirectory(Work);
        Directory.CreateDirectory(Path.GetDirectoryName(ConfigFile)!);
        Environment = new Dictionary<string, string>
        {
            ["HOME"] = Root,
            ["XDG_CONFIG_HOME"] = At("config"),
            ["XDG_DATA_HOME"] = At("data"),
            ["XDG_RUNTIME_DIR"] = At("run"),
            ["PATH"] = $"{prefix}/bin:/usr/local/bin:/usr/bin:/bin",
            ["LANG"] = "C.UTF-8",
            // Run by root, these are root's own daemons too, and not the machine's.
            ["GFLOW_DAEMON__USER"] = System.Environment.UserName,
        };
        _planted = new Planted(Root);
        Client = new GflowClient(Options(Socket)) { RetryFor = TimeSpan.Zero };
    }

    public string Root { get; }

    /// <summary>Where commands run unless told otherwise; empty at first.</summary>
    public string Work { get; }

    public string DataDirectory => At("data/gflow");

    public string Socket => At("run/gflow/gflowd.sock");

    public string ConfigFile => At("config/gflow/gflow.toml");

    public string Database => Path.Combine(DataDirectory, "gflow.db");

    /// <summary>The environment of whoever runs commands here.</summary>
    public Dictionary<string, string> Environment { get; }

    /// <summary>A daemon's environment; it has secrets that no job is to have.</summary>
    public Dictionary<string, string> DaemonEnvironment => new(Environment.Concat(_planted.Variables));

    /// <summary>Asks once: tests wait for the daemon themselves.</summary>
    public GflowClient Client { get; }

    public WebhookReceiver Hook { get; }

    public SmtpReceiver Mail { get; } = new(new SmtpReceiverOptions { Login = Planted.MailLogin });

    /// <summary>The daemon's program: the installed one unless told otherwise.</summary>
    public string Program { get; set; }

    /// <summary>The daemon's process id.</summary>
    public int DaemonPid => _daemon!.Id;

    /// <summary>The daemon's exit code; null while it runs.</summary>
    public int? DaemonExit => _daemon!.HasExited ? _daemon.ExitCode : null;

    /// <summary>All that its daemons in the foreground have said.</summary>
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

    /// <summary>A home without a daemon.</summary>
    public static async Task<Machine> CreateAsync(Installation installed, int gpus = 4, string? prefix = null)
    {
        var machine = new Machine(prefix ?? installed.Prefix, await WebhookReceiver.StartAsync());
        machine.Configure(gpus);
        return machine;
    }

    /// <summary>A home with a daemon that answers.</summary>
    public static async Task<Machine> StartAsync(Installation installed, int gpus = 4, string? prefix = null)
    {
        var machine = await CreateAsync(installed, gpus, prefix);
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

    /// <summary>The way to what listens on a Unix socket, and to nothing else.</summary>
    public static ClientOptions Options(string socket) => new() { Host = "127.0.0.1", Port = 1, Socket = socket };

    /// <summary>Writes the configuration: simulated GPUs, a short grace, every event to both receivers, and what else is given.</summary>
    /// <param name="mailed">The events that are mailed.</param>
    public void Configure(int gpus, string more = "", string mailed = "*") => Replaced.Write(ConfigFile, $"""
        [daemon]
        host = "127.0.0.1"
        port = 0
        simulated_gpus = {gpus}

        [executor]
        kill_grace_secs = 1

        [notifications]
        enabled = true

        [[notifications.webhooks]]
        name = "hook"
        {_planted.Webhook(Hook.Url)}

        [[notifications.emails]]
        name = "mail"
        {_planted.Mail(Mail.Port)}
        from = "gflow <gflow@lab.example>"
        to = ["team@lab.example"]
        events = ["{mailed}"]

        {more}

        {_planted.Unused}
        """);

    /// <summary>From now on the daemon is that of these tests, which can be told to die at named places.</summary>
    public void UseFailpoints()
    {
        Program = Path.Combine(Installation.Root(), "src", "Gflow.Daemon", "bin", "Debug", "net10.0", "gflowd");

        // It lives for seconds: to measure what it does for a better compilation costs more than it gains.
        Environment["DOTNET_TieredPGO"] = "0";
        Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
    }

    /// <summary>Starts a daemon in the foreground and returns at once.</summary>
    /// <param name="through">A program, with its words, that becomes the daemon.</param>
    public void LaunchDaemon(params string[] through)
    {
        string[] command = [.. through, Program, .. Loquacity];
        var daemon = Run.Start(command[0], command[1..], DaemonEnvironment);
        daemon.ErrorDataReceived += (_, line) =>
        {
            lock (_log)
            {
                _log.Append(line.Data).Append('\n');
            }
        };
        daemon.BeginErrorReadLine();
        _daemons.Add(daemon.Id);
        _daemon = daemon;
    }

    /// <summary>Starts a daemon in the foreground and waits until it answers.</summary>
    public Task StartDaemonAsync(params string[] through)
    {
        LaunchDaemon(through);
        return AnsweringAsync();
    }

    /// <summary>Waits until the daemon that was started last answers.</summary>
    public Task AnsweringAsync() =>
        UntilAsync(
            async () =>
            {
                Assert.False(_daemon!.HasExited, DaemonLog);
                return await Client.HealthAsync(Ct) is { Ok: true } health && health.Value.Pid == _daemon.Id;
            },
            "the daemon answers");

    /// <summary>Ends the daemon as nobody can prevent.</summary>
    public Task KillDaemonAsync()
    {
        _daemon!.Kill();
        return KilledAsync();
    }

    /// <summary>Waits until the daemon has been killed.</summary>
    public async Task KilledAsync()
    {
        await UntilAsync(() => _daemon!.HasExited, "the daemon has been killed");
        Assert.Equal(128 + Processes.Kill, _daemon!.ExitCode);
        _daemon.Dispose();
    }

    /// <summary>Kills the daemon and starts another.</summary>
    public async Task ReplaceDaemonAsync()
    {
        await KillDaemonAsync();
        await StartDaemonAsync();
    }

    /// <summary>Asks the daemon to end.</summary>
    /// <returns>How long that took.</returns>
    public async Task<TimeSpan> StopDaemonAsync()
    {
        var begun = Stopwatch.GetTimestamp();
        Processes.Signal(_daemon!.Id, Processes.Terminate);
        await _daemon.WaitForExitAsync(Ct);
        Assert.Equal(0, _daemon.ExitCode);
        return Stopwatch.GetElapsedTime(begun);
    }

    /// <summary>Runs the command that its user's PATH names; whoever runs the tests may have another one.</summary>
    public async Task<Ran> RunAsync(string command, params string[] arguments)
    {
        var program = Environment["PATH"].Split(':').Select(directory => Path.Combine(directory, command)).First(File.Exists);
        var ran = await Run.Async(program, arguments, command == "gflowd" ? DaemonEnvironment : Environment, Work);
        _planted.Heard(ran.Out, ran.Error);
        return ran;
    }

    /// <summary>Submits with gbatch.</summary>
    public async Task<uint> SubmitAsync(params string[] arguments)
    {
        var ran = await RunAsync("gbatch", ["--json", .. arguments]);
        Assert.True(ran.Code == 0, ran.ToString());
        using var answer = JsonDocument.Parse(ran.Out);
        return answer.RootElement.GetProperty("id").GetUInt32();
    }

    /// <summary>Runs a command that must do its work.</summary>
    public async Task<string> DoneAsync(string command, params string[] arguments)
    {
        var ran = await RunAsync(command, arguments);
        Assert.True(ran.Code == 0, ran.ToString());
        return ran.Out;
    }

    public async Task<JobView> JobAsync(uint id)
    {
        var job = await Client.GetAsync(new JobId(id), Ct);
        return job.Ok ? job.Value : throw new InvalidOperationException(job.Failure.Message + DaemonLog);
    }

    /// <summary>Waits for a job to be as expected.</summary>
    public async Task<JobView> WaitAsync(uint id, Func<JobView, bool> condition, string what)
    {
        JobView? job = null;
        await UntilAsync(async () => condition(job = await JobAsync(id)), () => $"job {id} {what}; it is {job?.State} ({job?.ReasonText})");
        return job!;
    }

    public Task<JobView> RunningAsync(uint id) => WaitAsync(id, job => job.State == "Running", "runs");

    /// <summary>Waits for a job's end.</summary>
    public Task<JobView> EndedAsync(uint id) => WaitAsync(id, job => job.FinishedAt is not null, "has ended");

    /// <summary>Waits until a file exists.</summary>
    public Task<string> FileAsync(string path) => FileAsync(path, _ => true);

    /// <summary>Waits until a file is as expected; its text.</summary>
    public async Task<string> FileAsync(string path, Func<string, bool> condition)
    {
        await UntilAsync(() => Task.FromResult(File.Exists(path) && condition(File.ReadAllText(path))), $"{path} is there and as expected");
        return await File.ReadAllTextAsync(path, Ct);
    }

    public Task UntilAsync(Func<bool> condition, string what, TimeSpan? patience = null) => UntilAsync(() => Task.FromResult(condition()), what, patience);

    public Task UntilAsync(Func<Task<bool>> condition, string what, TimeSpan? patience = null) => UntilAsync(condition, () => what, patience);

    /// <summary>How many connections the daemon has on its socket.</summary>
    public int Connections() => File.ReadLines("/proc/net/unix").Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Count(socket => socket.Length == 8 && Path.GetFullPath(socket[7]) == Socket && socket[5] == "03");

    /// <summary>The process id of the launcher.</summary>
    public int LauncherPid() => Assert.Single(Processes.Mentioning(DataDirectory), pid => Processes.CommandLine(pid).Contains("launcher.sock --", StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();

        // Only root could tell by its environment that a daemon in the foreground belongs here.
        _daemons.FindAll(pid => Processes.CommandLine(pid) is var line && (line.StartsWith(_prefix, StringComparison.Ordinal) || line.StartsWith(Program, StringComparison.Ordinal))).ForEach(pid => Processes.Signal(pid, Processes.Kill));
        await Processes.EndAllAsync(Root);
        _daemon?.Dispose();
        await Hook.DisposeAsync();
        await Mail.DisposeAsync();
        _planted.Heard(DaemonLog);
        _planted.AssertNowhere(DataDirectory, At("run"));
        Directory.Delete(Root, recursive: true);
    }

    private Task UntilAsync(Func<Task<bool>> condition, Func<string> what, TimeSpan? patience = null) =>
        Waiting.UntilAsync(condition, patience ?? Patience, what, () => DaemonLog);
}
