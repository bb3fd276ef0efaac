using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Attacks;

/// <summary>A user's own daemon, at places of its own: neither it nor anything that it starts has a right of root's. Disposing of it ends and removes everything.</summary>
internal sealed class OwnDaemon : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly StringBuilder _log = new();
    private readonly Installation _installed;
    private Process? _daemon;

    private OwnDaemon(Installation installed, string user)
    {
        _installed = installed;
        User = user;
        Root = Directory.CreateTempSubdirectory("gflow-own-").FullName;
        File.SetUnixFileMode(Root, (UnixFileMode)0b111_101_101);
        Directory.CreateDirectory(Open);
        File.SetUnixFileMode(Open, (UnixFileMode)0b111_111_111);
    }

    /// <summary>Whose it is.</summary>
    public string User { get; }

    public string Root { get; }

    /// <summary>Where everybody may write.</summary>
    public string Open => At("open");

    public string Data => At("data");

    public string Socket => At("gflowd.sock");

    public int DaemonPid => _daemon!.Id;

    /// <summary>What it is started with beside its places.</summary>
    public Dictionary<string, string> DaemonVariables { get; } = [];

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
        ["GFLOW_DAEMON__USER"] = User,
    };

    public static async Task<OwnDaemon> StartAsync(Installation installed, string user, string more = "")
    {
        var own = new OwnDaemon(installed, user);
        try
        {
            await own.ConfigureAsync(more);
            await own.StartDaemonAsync();
            return own;
        }
        catch
        {
            await own.DisposeAsync();
            throw;
        }
    }

    /// <summary>With a daemon that is still to be started.</summary>
    public static async Task<OwnDaemon> CreateAsync(Installation installed, string user, string more = "")
    {
        var own = new OwnDaemon(installed, user);
        await own.ConfigureAsync(more);
        return own;
    }

    public string At(string name) => Path.Combine(Root, name);

    public async Task StartDaemonAsync()
    {
        _daemon = Run.Start(
            "setpriv",
            ["--reuid", User, "--regid", User, "--init-groups", "--inh-caps=-all", Path.Combine(_installed.Prefix, "bin", "gflowd"), "--config", At("gflow.toml")],
            new Dictionary<string, string>(Environment.Concat(DaemonVariables)) { ["HOME"] = $"/home/{User}", ["USER"] = User });
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
                return (await RunAsync("gqueue")).Code == 0;
            },
            "the daemon answers");
    }

    /// <summary>Waits for a daemon that somebody has killed.</summary>
    public async Task KilledAsync()
    {
        await _daemon!.WaitForExitAsync(Ct);
        _daemon.Dispose();
    }

    /// <summary>Runs a command as its owner.</summary>
    public Task<Ran> RunAsync(string program, params string[] arguments) => AsAsync(User, program, arguments);

    public Task<Ran> AsAsync(string user, string program, params string[] arguments) => People.AsAsync(user, Environment, program, arguments);

    public async Task<uint> SubmitAsync(params string[] arguments) => SharedMachine.Id(await RunAsync("gbatch", ["--json", .. arguments]));

    public async Task<JobView> JobAsync(uint id)
    {
        var ran = await RunAsync("/usr/bin/python3", ["-c", Attacked.Script, .. Attacked.Question(Socket, [new("GET", string.Create(CultureInfo.InvariantCulture, $"/jobs/{id}"))])]);
        Assert.True(ran.Code == 0, ran.ToString());
        return JsonSerializer.Deserialize(Assert.Single(Attacked.Answers(ran.Out)).Body, WireJson.Default.JobView)!;
    }

    public async Task<JobView> EndedAsync(uint id)
    {
        JobView? job = null;
        await UntilAsync(async () => (job = await JobAsync(id)).FinishedAt is not null, $"job {id} has ended");
        return job!;
    }

    public async Task<string> LogAsync(uint id) => (await RunAsync("gjob", "log", $"{id}")).Out;

    public Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    public Task UntilAsync(Func<Task<bool>> condition, string what) => Waiting.UntilAsync(condition, Patience, () => what, () => DaemonLog);

    public async ValueTask DisposeAsync()
    {
        await Processes.EndAllAsync(Root);
        _daemon?.Dispose();
        Directory.Delete(Root, recursive: true);
    }

    private async Task ConfigureAsync(string more)
    {
        await File.WriteAllTextAsync(
            At("gflow.toml"),
            $"""
            [daemon]
            host = "127.0.0.1"
            port = 0
            socket = "{Socket}"
            simulated_gpus = 2

            [storage]
            path = "{Data}"

            [executor]
            kill_grace_secs = 1

            {more}
            """,
            Ct);
        await People.DoneAsync("chown", $"{User}:{User}", Root, At("gflow.toml"));
        File.SetUnixFileMode(At("gflow.toml"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
