using System.Reflection;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Http;
using Gflow.Daemon.Lifecycle;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon;

/// <summary>What a daemon must know before it starts.</summary>
internal sealed record DaemonHostOptions
{
    /// <summary>Absolute path of the directory with database and logs.</summary>
    public required string DataDirectory { get; init; }

    public required ListenOptions Listen { get; init; }
}

/// <summary>One whole daemon: can be started, asked its address and stopped, by the program and by tests alike.</summary>
internal sealed partial class DaemonHost : IAsyncDisposable
{
    // What was started, in the order in which it was; stopped in the opposite one.
    private readonly Stack<object> _running = new();
    private readonly ILogger<DaemonHost> _log;

    private DaemonHost(DaemonHostOptions options, ILogger<DaemonHost> log)
    {
        Options = options;
        _log = log;
    }

    /// <summary>The program's version, as <c>--version</c> says it.</summary>
    public static string Version { get; } =
        typeof(DaemonHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public DaemonHostOptions Options { get; }

    public string Socket => Options.Listen.Socket;

    /// <summary>The TCP address, such as <c>http://127.0.0.1:59000</c>.</summary>
    public Uri Address { get; private set; } = null!;

    public JobEngine Engine { get; private set; } = null!;

    /// <summary>Starts everything in order: the lock, the store, the engine, then HTTP, so that nobody is answered before all is there.</summary>
    /// <exception cref="StartRefusedException">It cannot run like this.</exception>
    /// <exception cref="StorageRefusedException">The store cannot be used.</exception>
    public static async Task<DaemonHost> StartAsync(DaemonHostOptions options, TimeProvider time, ILoggerFactory logs, CancellationToken ct)
    {
        var host = new DaemonHost(options, logs.CreateLogger<DaemonHost>());
        try
        {
            await host.StartAllAsync(time, logs, ct).ConfigureAwait(false);
            host.Started(Version, options.DataDirectory, host.Socket, host.Address);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Stops everything; jobs go on.</summary>
    public async ValueTask DisposeAsync()
    {
        while (_running.TryPop(out var part))
        {
            if (part is IAsyncDisposable later)
            {
                await later.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                ((IDisposable)part).Dispose();
            }
        }
    }

    private async Task StartAllAsync(TimeProvider time, ILoggerFactory logs, CancellationToken ct)
    {
        var owner = new Caller(UserNames.CurrentUid, UserNames.Of(UserNames.CurrentUid), Administrator: true);
        var paths = new DataPaths(Options.DataDirectory);
        var facts = new DaemonFacts(Version, owner, paths, Socket);
        Running(HomeLock.Take(Options.DataDirectory, Socket));
        paths.Create();
        var database = Running(Database.Open(paths.Database, time));
        Engine = Running(new JobEngine(database, time));
        var server = Running(await ApiServer.StartAsync(new ApiParts(Engine, database, time, facts), Options.Listen, logs, ct).ConfigureAwait(false));
        Address = server.Address;
    }

    private T Running<T>(T part)
        where T : class
    {
        _running.Push(part);
        return part;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "gflowd {Version} serves {DataDirectory} on {Socket} and {Address}")]
    private partial void Started(string version, string dataDirectory, string socket, Uri address);
}
