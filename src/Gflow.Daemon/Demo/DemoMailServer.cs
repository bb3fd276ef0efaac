using System.Net;
using System.Net.Sockets;
using System.Text;
using MimeKit;

namespace Gflow.Daemon.Demo;

/// <summary>A mail server on a free port of the loopback address that takes everything and keeps it; of SMTP (RFC 5321) it knows what the demo's own mail needs.</summary>
internal sealed class DemoMailServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public DemoMailServer()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public ReceivedItems<MimeMessage> Mails { get; } = new();

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var sessions = new List<Task>();
        try
        {
            while (true)
            {
                sessions.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(sessions);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var connection = client;
        try
        {
            // One byte is one character, so that a mail's own encoding stays what it is.
            using var lines = new StreamReader(client.GetStream(), Encoding.Latin1);
            await using var replies = new StreamWriter(client.GetStream(), Encoding.Latin1) { NewLine = "\r\n", AutoFlush = true };
            await replies.WriteLineAsync("220 demo");
            while (await lines.ReadLineAsync(_stop.Token) is { } line)
            {
                var isData = line.StartsWith("DATA", StringComparison.OrdinalIgnoreCase);
                await replies.WriteLineAsync(isData ? "354 go on" : "250 ok");
                if (isData)
                {
                    Mails.Add(await ReadAsync(lines));
                    await replies.WriteLineAsync("250 ok");
                }
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // The daemon went away, or the demo ends.
        }
    }

    private async Task<MimeMessage> ReadAsync(StreamReader lines)
    {
        var text = new StringBuilder();
        while (await lines.ReadLineAsync(_stop.Token) is { } line && line != ".")
        {
            text.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
        }

        using var raw = new MemoryStream(Encoding.Latin1.GetBytes(text.ToString()));
        return await MimeMessage.LoadAsync(raw, _stop.Token);
    }
}
