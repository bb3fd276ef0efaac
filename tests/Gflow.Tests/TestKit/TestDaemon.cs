using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Gflow.Client.Platform;
using Gflow.Core.Scheduling;
using Gflow.Daemon;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gflow.Tests.TestKit;

/// <summary>A whole daemon in this process, on real sockets and a real database, whose jobs have no processes.</summary>
internal sealed class TestDaemon : IAsyncDisposable
{
    private readonly bool _ownsHome;
    private readonly People _people;

    private TestDaemon(TestHome home, bool ownsHome, DaemonHost host, FakeExecutor executor, People people)
    {
        _people = people;
        Home = home;
        _ownsHome = ownsHome;
        Host = host;
        Executor = executor;
        Http = Client(host.Socket);
    }

    public TestHome Home { get; }

    public DaemonHost Host { get; }

    public FakeExecutor Executor { get; }

    /// <summary>Speaks to it over the Unix socket.</summary>
    public HttpClient Http { get; }

    public static async Task<TestDaemon> StartAsync(TestHome? home = null, Func<DaemonOptions, DaemonOptions>? configure = null, ILoggerFactory? logs = null, bool shared = false, Func<uint, Account?>? accounts = null)
    {
        var place = home ?? new TestHome();
        var executor = new FakeExecutor(TimeProvider.System);
        var people = new People();
        var parts = new DaemonParts(TimeProvider.System, logs ?? NullLoggerFactory.Instance) { Executor = (_, _) => executor, Peers = people.Of, IsShared = shared, AsksDriver = false, Accounts = accounts ?? Account.Find };
        var host = await DaemonHost.StartAsync(configure?.Invoke(place.Options) ?? place.Options, parts, TestContext.Current.CancellationToken);
        return new TestDaemon(place, home is null, host, executor, people);
    }

    /// <summary>A client of whatever listens on a Unix socket.</summary>
    public static HttpClient Client(string socket) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (_, ct) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), ct);
            return new NetworkStream(connection, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri("http://localhost"),
    };

    /// <summary>A client in somebody else's name; null for one whom the kernel does not name.</summary>
    public HttpClient As(Account? who, bool overTcp = false) => AsSeen(People.Seen(who, overTcp ? 0 : null));

    /// <summary>A client whom the kernel shows like this.</summary>
    public HttpClient AsSeen(Peer seen) => _people.Client(
        seen.OverTcp ? new IPEndPoint(IPAddress.Loopback, Host.Address!.Port) : new UnixDomainSocketEndPoint(Host.Socket), seen);

    public async Task<TestAnswer> GetAsync(string path) => await TestAnswer.OfAsync(await Http.GetAsync(path, Ct));

    public async Task<TestAnswer> PostAsync(string path, string? json = null) =>
        await TestAnswer.OfAsync(await Http.PostAsync(path, json is null ? null : Json(json), Ct));

    public async Task<TestAnswer> PatchAsync(string path, string json) => await TestAnswer.OfAsync(await Http.PatchAsync(path, Json(json), Ct));

    public async Task<TestAnswer> SendAsync(HttpRequestMessage request) => await TestAnswer.OfAsync(await Http.SendAsync(request, Ct));

    /// <summary>Submits a job that runs until the test ends it.</summary>
    public async Task<uint> SubmitAsync(string fields = "")
    {
        var answer = await PostAsync("/jobs", $$"""{"command":"true","run_dir":"/tmp"{{(fields.Length > 0 ? "," + fields : "")}}}""");
        Assert.Equal(201, answer.Status);
        return answer.Json.GetProperty("id").GetUInt32();
    }

    /// <summary>Has these processes seen on a simulated GPU.</summary>
    public async Task OnGpuAsync(int index, params GpuProcess[] processes)
    {
        await Host.Engine.TellAsync(new EngineNews(batch => batch.Gpus.Read(
            batch.Gpus.Board.Find(index)!.Uuid, new GpuReading(batch.Now) { Processes = [.. processes], IsLast = true })));
        await Until.TrueAsync(() => Host.Engine.Current.Board is var board && board.Gpus.Reading(board.Gpus.Find(index)!)!.Processes.SequenceEqual(processes));
    }

    /// <summary>Has a simulated GPU not answer any more.</summary>
    public async Task FailGpuAsync(int index)
    {
        await Host.Engine.TellAsync(new EngineNews(batch => batch.Gpus.Read(
            batch.Gpus.Board.Find(index)!.Uuid, new GpuReading(batch.Now) { Fault = new GpuFault("nvml_query_failed(silent)", "does not answer"), IsLast = true })));
        await Until.TrueAsync(() => Host.Engine.Current.Board is var board && board.Gpus.Reading(board.Gpus.Find(index)!)!.Fault is not null);
    }

    /// <summary>Waits until a job is in a state.</summary>
    public async Task<JsonElement> UntilAsync(uint job, string state)
    {
        while (true)
        {
            var seen = Host.Engine.Commits.LastEventSeq;
            var view = (await GetAsync($"/jobs/{job}")).Json;
            if (view.GetProperty("state").GetString() == state)
            {
                return view;
            }

            await Host.Engine.Commits.WaitAsync(seen, Ct);
        }
    }

    public static StringContent Json(string json) => new(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Host.DisposeAsync();
        if (_ownsHome)
        {
            Home.Dispose();
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;
}

/// <summary>An answer, read to its end.</summary>
internal sealed record TestAnswer(int Status, string Body, HttpResponseHeaders Headers, string? ContentType)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>The text of a refusal.</summary>
    public string Error => Json.GetProperty("error").GetString()!;

    /// <summary>The first problem's code.</summary>
    public string Code => Json.GetProperty("problems")[0].GetProperty("code").GetString()!;

    /// <summary>The first problem's field.</summary>
    public string? Field => Json.GetProperty("problems")[0].TryGetProperty("field", out var named) ? named.GetString() : null;

    public static async Task<TestAnswer> OfAsync(HttpResponseMessage message)
    {
        using (message)
        {
            return new((int)message.StatusCode, await message.Content.ReadAsStringAsync(), message.Headers, message.Content.Headers.ContentType?.MediaType);
        }
    }
}
