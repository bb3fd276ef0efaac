using System.Diagnostics;
using System.Text.Json;
using Gflow.Client;
using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Attacks;

/// <summary>An HTTP request as no command sends it.</summary>
internal sealed record Asked(string Method, string Target, string Body = "", params (string Name, string Value)[] Headers);

/// <summary>What the daemon answered.</summary>
internal sealed record Answered(int Status, string Body);

/// <summary>A daemon of either kind with somebody whose it is, or who uses it, and with a stranger who attacks it.</summary>
internal sealed class Attacked : IAsyncDisposable
{
    /// <summary>The program of an attacker, for python3.</summary>
    public static readonly string Script = File.ReadAllText(Path.Combine(Installation.Root(), "tests", "Gflow.EndToEnd", "Attacks", "attack.py"));

    private const int Rounds = 4;

    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(100);

    private readonly List<Process> _attackers = [];
    private readonly People _people;
    private readonly Machine? _own;
    private readonly SharedMachine? _shared;

    private Attacked(People people, Machine? own, SharedMachine? shared)
    {
        _people = people;
        _own = own;
        _shared = shared;
    }

    public string Socket => _own?.Socket ?? _shared!.Socket;

    /// <summary>The TCP port of the daemon.</summary>
    public string Port { get; private set; } = "";

    public int DaemonPid => _own?.DaemonPid ?? _shared!.DaemonPid;

    public int LauncherPid => _own?.LauncherPid() ?? _shared!.LauncherPid();

    public string Logs => Path.Combine(_own?.DataDirectory ?? _shared!.Data, "logs");

    public string ConfigFile => _own?.ConfigFile ?? _shared!.ConfigFile;

    public string DaemonLog => _own?.DaemonLog ?? _shared!.DaemonLog;

    /// <summary>Where its users may write.</summary>
    public string Open => _shared?.Open ?? _own!.Work;

    /// <summary>Whose jobs are attacked: of a user's daemon its owner.</summary>
    public string Victim => _shared is null ? Environment.UserName : _people.Ann;

    public string Stranger => _people.Bob;

    /// <summary>Asks as root.</summary>
    public GflowClient Client => _own?.Client ?? _shared!.Client;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <param name="shared">Whether it is for everybody, started by root.</param>
    /// <param name="files">How many files the daemon may have open; null for what the tests may.</param>
    public static async Task<Attacked> StartAsync(Installation installed, People people, bool shared, int? files = null)
    {
        string[] through = files is { } limit ? ["/usr/bin/prlimit", $"--nofile={limit}"] : [];
        var attacked = shared
            ? new Attacked(people, null, SharedMachine.Create(installed, people))
            : new Attacked(people, await Machine.CreateAsync(installed), null);
        try
        {
            await (attacked._own?.StartDaemonAsync(through) ?? attacked._shared!.StartDaemonAsync(through));
            attacked.Port = new Uri((await attacked.Client.StatusAsync(Ct)).Value.Url!).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
            return attacked;
        }
        catch
        {
            await attacked.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the daemon in order.</summary>
    public Task StopAsync() => _own?.StopDaemonAsync() ?? _shared!.StopDaemonAsync();

    /// <summary>Sets a variable of the daemons that follow.</summary>
    public void Set(string variable, string value) => (_own?.Environment ?? _shared!.DaemonVariables)[variable] = value;

    /// <summary>Starts another daemon after the first.</summary>
    public Task StartAgainAsync() => _own?.StartDaemonAsync() ?? _shared!.StartDaemonAsync();

    /// <summary>Runs a command as the victim.</summary>
    public Task<Ran> RunAsync(string program, params string[] arguments) =>
        _own?.RunAsync(program, arguments) ?? _shared!.AsAsync(_people.Ann, program, arguments);

    /// <summary>Runs a command as the stranger.</summary>
    public Task<Ran> StrangerAsync(string program, params string[] arguments) => _shared is null
        ? People.AsAsync(Stranger, new Dictionary<string, string>(_own!.Environment) { ["GFLOW_DAEMON__SOCKET"] = Socket }, program, arguments)
        : _shared.AsAsync(Stranger, program, arguments);

    /// <summary>Submits as the victim.</summary>
    public async Task<uint> SubmitAsync(params string[] arguments) => SharedMachine.Id(await RunAsync("gbatch", ["--json", .. arguments]));

    /// <summary>Waits until a job has ended.</summary>
    public Task EndedAsync(uint id) => UntilAsync(async () => (await Client.GetAsync(new(id), Ct)).Value.FinishedAt is not null, $"job {id} has ended");

    /// <summary>Attacks as somebody to the end; what the attack printed.</summary>
    public async Task<string> AttackAsync(string user, params string[] arguments)
    {
        var ran = await StrangerOr(user, "/usr/bin/python3", ["-c", Script, .. arguments]);
        Assert.True(ran.Code == 0, ran.ToString());
        return ran.Out;
    }

    /// <summary>Asks as somebody, one after the other.</summary>
    /// <param name="place">Socket or port.</param>
    public async Task<List<Answered>> AskAsync(string user, string place, IEnumerable<Asked> asked)
    {
        return Answers(await AttackAsync(user, Question(place, asked)));
    }

    /// <summary>The words that have the program ask, one after the other.</summary>
    /// <param name="place">Socket or port.</param>
    public static string[] Question(string place, IEnumerable<Asked> asked) =>
        ["ask", place, JsonSerializer.Serialize(asked.Select(one => new object[] { one.Method, one.Target, one.Headers.ToDictionary(header => header.Name, header => header.Value), one.Body }))];

    /// <summary>What it then prints.</summary>
    public static List<Answered> Answers(string printed) => JsonSerializer.Deserialize<List<Answered>>(printed)!;

    /// <summary>Begins an attack as somebody and waits until it is under way; it goes on until the end of the test.</summary>
    public async Task BeginAsync(string user, params string[] arguments)
    {
        var attacker = Run.Start("setpriv", ["--reuid", user, "--regid", user, "--init-groups", "/usr/bin/python3", "-c", Script, .. arguments], new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" });
        _attackers.Add(attacker);
        var line = await attacker.StandardOutput.ReadLineAsync(Ct);
        Assert.True(line?.StartsWith("open ", StringComparison.Ordinal), line ?? $"{await attacker.StandardError.ReadToEndAsync(Ct)}\n{DaemonLog}");
    }

    /// <summary>The daemon answers somebody within <see cref="AtOnce"/>, and takes and runs his job.</summary>
    public async Task AssertServesAsync()
    {
        await AssertAnswersAtOnceAsync();
        Assert.Equal(0, (await RunAsync("gqueue")).Code);
        var id = await SubmitAsync("true");
        await UntilAsync(async () => (await Client.GetAsync(new(id), Ct)).Value.State == "Finished", "a job of his runs");
    }

    /// <summary>Answers come to the victim at once.</summary>
    public Task AssertAnswersAtOnceAsync(string target = "/jobs?limit=1") => AssertAtOnceAsync(words => RunAsync("/usr/bin/python3", ["-c", Script, "times", Socket, .. words]), target);

    /// <summary>Nine of ten answers come to somebody within <see cref="AtOnce"/>. What else runs on the machine may spoil a round, not all of them.</summary>
    /// <param name="measure">Has the program ask as him; it is given how often and for what.</param>
    public static async Task AssertAtOnceAsync(Func<string[], Task<Ran>> measure, string target = "/jobs?limit=1")
    {
        List<double> slowest = [];
        while (slowest.Count < Rounds)
        {
            slowest.Add(await SlowestAsync(measure, target));
            if (slowest[^1] < AtOnce.TotalMilliseconds)
            {
                return;
            }
        }

        Assert.Fail($"Nine of ten answers took, in milliseconds, up to {string.Join(", ", slowest)}");
    }

    /// <summary>After how many milliseconds nine of ten answers have come to the victim.</summary>
    public Task<double> SlowestAsync(string target) => SlowestAsync(words => RunAsync("/usr/bin/python3", ["-c", Script, "times", Socket, .. words]), target);

    private static async Task<double> SlowestAsync(Func<string[], Task<Ran>> measure, string target)
    {
        var ran = await measure(["20", target]);
        Assert.True(ran.Code == 0, ran.ToString());
        var taken = JsonSerializer.Deserialize<List<double>>(ran.Out)!.Order().ToList();
        return taken[(taken.Count * 9 / 10) - 1];
    }

    public Task UntilAsync(Func<Task<bool>> condition, string what) => _own?.UntilAsync(condition, what) ?? _shared!.UntilAsync(condition, what);

    public async ValueTask DisposeAsync()
    {
        foreach (var attacker in _attackers)
        {
            attacker.Kill();
            attacker.Dispose();
        }

        await (_own?.DisposeAsync() ?? _shared!.DisposeAsync());
    }

    private Task<Ran> StrangerOr(string user, string program, string[] arguments) => user == Stranger ? StrangerAsync(program, arguments) : RunAsync(program, arguments);
}
