using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gflow.EndToEnd.TestKit;

/// <summary>A server that others have written, in the foreground. Disposing of it ends it with all that it started.</summary>
internal sealed class ForeignServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Dictionary<string, string> Environment = new() { ["PATH"] = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin", ["LANG"] = "C.UTF-8" };

    private const int FirstPort = 20_000;
    private const int Ports = 10_000;

    // Another run on the same machine begins elsewhere.
    private static int _ports = System.Environment.ProcessId * 97;

    private readonly StringBuilder _output = new();
    private readonly Process _process;
    private readonly Task[] _readers;

    private ForeignServer(int port, string program, IEnumerable<string> arguments)
    {
        Port = port;
        _process = Run.Start(program, arguments, Environment);
        _readers = [ReadAsync(_process.StandardOutput), ReadAsync(_process.StandardError)];
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>All it has said.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>A port where nobody listens, below those that the kernel gives to whoever asks for any: nobody else gets it before its server is up.</summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = FirstPort + (Interlocked.Increment(ref _ports) % Ports);
            using var listener = new TcpListener(IPAddress.Any, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody else's; the next one may be free.
            }
        }
    }

    /// <summary>Starts it and waits until it accepts connections at a port of the loopback address.</summary>
    public static async Task<ForeignServer> StartAsync(int port, string program, params string[] arguments)
    {
        var server = new ForeignServer(port, program, arguments);
        using var patience = new CancellationTokenSource(Patience);
        while (!await AcceptsAsync(port))
        {
            Assert.False(server._process.HasExited || patience.IsCancellationRequested, $"{program} does not accept connections: {server.Output}");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        return server;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        await Task.WhenAll(_readers);
        _process.Dispose();
    }

    private static async Task<bool> AcceptsAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // Not by lines: counters are often shown over and over in one.
    private async Task ReadAsync(StreamReader reader)
    {
        var buffer = new char[4096];
        while (await reader.ReadAsync(buffer) is var count and > 0)
        {
            lock (_output)
            {
                _output.Append(buffer, 0, count);
            }
        }
    }
}
