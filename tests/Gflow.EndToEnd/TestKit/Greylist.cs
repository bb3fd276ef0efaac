using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Gflow.EndToEnd.TestKit;

/// <summary>Tells a Postfix to turn each pair of sender and recipient away at first (Postfix, SMTPD_POLICY_README).</summary>
internal sealed class Greylist : IDisposable
{
    /// <summary>For how long, from the first try.</summary>
    public static readonly TimeSpan While = TimeSpan.FromSeconds(2);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<string, long> _first = new();

    public Greylist()
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync();
    }

    /// <summary>On the loopback address.</summary>
    public int Port { get; }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        while (true)
        {
            _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            using var reader = new StreamReader(client.GetStream());
            await using var writer = new StreamWriter(client.GetStream());
            var pair = "";
            while (await reader.ReadLineAsync() is { } line)
            {
                if (line.Length > 0)
                {
                    pair += line.StartsWith("sender=", StringComparison.Ordinal) || line.StartsWith("recipient=", StringComparison.Ordinal) ? line : "";
                    continue;
                }

                var early = Stopwatch.GetElapsedTime(_first.GetOrAdd(pair, _ => Stopwatch.GetTimestamp())) < While;
                await writer.WriteAsync(early ? "action=450 4.2.0 Greylisted\n\n" : "action=DUNNO\n\n");
                await writer.FlushAsync();
                pair = "";
            }
        }
    }
}
