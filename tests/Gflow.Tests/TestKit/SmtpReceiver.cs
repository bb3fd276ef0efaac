using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gflow.Daemon.Demo;
using MimeKit;

namespace Gflow.Tests.TestKit;

/// <summary>A mail as it arrived.</summary>
/// <param name="Sender">Of the envelope.</param>
/// <param name="Recipients">Of the envelope.</param>
/// <param name="Raw">As transferred, without the doubled dots.</param>
internal sealed record ReceivedMail(string Sender, IReadOnlyList<string> Recipients, byte[] Raw, MimeMessage Message);

/// <summary>How the server behaves.</summary>
internal sealed record SmtpReceiverOptions
{
    /// <summary>
    /// Given a command's line (<c>CONNECT</c> for the greeting, <c>.</c> for the end of a mail), the reply to give instead of the
    /// usual one, <see cref="SmtpReceiver.Mute"/> or <see cref="SmtpReceiver.HangUp"/>; null for the usual one.
    /// </summary>
    public Func<string, string?> Reply { get; init; } = _ => null;

    /// <summary>When set, nothing is taken without this login.</summary>
    public (string User, string Password)? Login { get; init; }

    /// <summary>When set, STARTTLS is offered, or spoken from the first byte.</summary>
    public X509Certificate2? Certificate { get; init; }

    public bool ImplicitTls { get; init; }
}

/// <summary>A small mail server on a free port of the loopback address that keeps what it is sent and replies as told.</summary>
internal sealed class SmtpReceiver : IAsyncDisposable
{
    /// <summary>A reply that never comes.</summary>
    public const string Mute = "\u0001mute";

    /// <summary>A closed connection for a reply.</summary>
    public const string HangUp = "\u0001hang up";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly SmtpReceiverOptions _options;
    private readonly Task _accepting;

    public SmtpReceiver(SmtpReceiverOptions? options = null)
    {
        _options = options ?? new SmtpReceiverOptions();
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public ReceivedItems<ReceivedMail> Mails { get; } = new();

    /// <summary>Every command line of every connection; lines of a mail and of a login are not among them.</summary>
    public ReceivedItems<string> Commands { get; } = new();

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
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                // Answers to pipelined commands follow each other, and the second would wait for the client to acknowledge the first.
                client.NoDelay = true;
                sessions.RemoveAll(session => session.IsCompleted);
                sessions.Add(ServeAsync(client));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(sessions);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await new Session(this, client.GetStream()).RunAsync();
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException or EndOfStreamException
                or System.Security.Authentication.AuthenticationException)
            {
                // The client went away, or the receiver ends.
            }
        }
    }

    private sealed class Session(SmtpReceiver server, Stream stream)
    {
        private readonly byte[] _buffer = new byte[4096];
        private readonly List<string> _recipients = [];
        private Stream _stream = stream;
        private int _start;
        private int _end;
        private string? _sender;
        private bool _loggedIn;
        private bool _encrypted;

        private SmtpReceiverOptions Options => server._options;

        public async Task RunAsync()
        {
            if (Options.ImplicitTls)
            {
                await EncryptAsync();
            }

            var open = await ReplyAsync(Options.Reply("CONNECT") ?? "220 receiver ready");
            while (open && await ReadLineAsync() is { } bytes)
            {
                var line = Encoding.UTF8.GetString(bytes);
                server.Commands.Add(line);
                open = await (Options.Reply(line) is { } scripted ? ReplyAsync(scripted) : HandleAsync(line));
            }
        }

        private Task<bool> HandleAsync(string line) => line.Split(' ', ':')[0].ToUpperInvariant() switch
        {
            "EHLO" => ReplyAsync(Greeting()),
            "HELO" or "NOOP" => ReplyAsync("250 ok"),
            "STARTTLS" when Options.Certificate is not null && !_encrypted => StartTlsAsync(),
            "AUTH" when Options.Login is not null => LoginAsync(line),
            "MAIL" when Options.Login is not null && !_loggedIn => ReplyAsync("530 log in first"),
            "MAIL" => SenderAsync(line),
            "RCPT" when _sender is not null => RecipientAsync(line),
            "DATA" when _recipients.Count > 0 => DataAsync(),
            "RSET" => ResetAsync(),
            "QUIT" => QuitAsync(),
            "MAIL" or "RCPT" or "DATA" => ReplyAsync("503 not now"),
            _ => ReplyAsync("500 what?"),
        };

        private string Greeting()
        {
            List<string> offers = ["receiver", "8BITMIME", "PIPELINING", "ENHANCEDSTATUSCODES"];
            if (Options.Certificate is not null && !_encrypted)
            {
                offers.Add("STARTTLS");
            }

            if (Options.Login is not null)
            {
                offers.Add("AUTH PLAIN LOGIN");
            }

            return string.Join("\r\n", offers.Select((offer, i) => $"250{(i == offers.Count - 1 ? ' ' : '-')}{offer}"));
        }

        private async Task<bool> StartTlsAsync()
        {
            await ReplyAsync("220 go on");
            await EncryptAsync();
            return true;
        }

        private async Task EncryptAsync()
        {
            var tls = new SslStream(_stream);
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = SslStreamCertificateContext.Create(Options.Certificate!, null, offline: true) }, server._stop.Token);
            (_stream, _encrypted) = (tls, true);
        }

        private async Task<bool> LoginAsync(string line)
        {
            var words = line.Split(' ');
            string user, password;
            if (words[1].Equals("PLAIN", StringComparison.OrdinalIgnoreCase))
            {
                var parts = Decode(words.Length > 2 ? words[2] : await AskAsync("")).Split('\0');
                (user, password) = (parts[^2], parts[^1]);
            }
            else
            {
                user = Decode(words.Length > 2 ? words[2] : await AskAsync("VXNlcm5hbWU6"));
                password = Decode(await AskAsync("UGFzc3dvcmQ6"));
            }

            _loggedIn = (user, password) == Options.Login;
            return await ReplyAsync(_loggedIn ? "235 welcome" : $"535 5.7.8 no such login: {user} {password}");
        }

        private async Task<string> AskAsync(string challenge)
        {
            await ReplyAsync($"334 {challenge}");
            return Encoding.ASCII.GetString(await ReadLineAsync() ?? throw new EndOfStreamException());
        }

        private Task<bool> SenderAsync(string line)
        {
            _sender = Path(line);
            _recipients.Clear();
            return ReplyAsync("250 2.1.0 ok");
        }

        private Task<bool> RecipientAsync(string line)
        {
            _recipients.Add(Path(line));
            return ReplyAsync("250 2.1.5 ok");
        }

        private async Task<bool> DataAsync()
        {
            await ReplyAsync("354 go on");
            using var raw = new MemoryStream();
            while (true)
            {
                // A client that goes away before the final dot has sent nothing (RFC 5321 4.1.1.4).
                if (await ReadLineAsync() is not { } line)
                {
                    return false;
                }

                if (line.AsSpan().SequenceEqual("."u8))
                {
                    break;
                }

                raw.Write(line.AsSpan(line.Length > 0 && line[0] == '.' ? 1 : 0));
                raw.Write("\r\n"u8);
            }

            if (Options.Reply(".") is { } scripted && !scripted.StartsWith('2'))
            {
                return await ReplyAsync(scripted);
            }

            var bytes = raw.ToArray();
            using var stream = new MemoryStream(bytes);
            server.Mails.Add(new ReceivedMail(_sender!, [.. _recipients], bytes, await MimeMessage.LoadAsync(stream, server._stop.Token)));
            return await ResetAsync();
        }

        private Task<bool> ResetAsync()
        {
            _sender = null;
            _recipients.Clear();
            return ReplyAsync("250 2.0.0 ok");
        }

        private async Task<bool> QuitAsync()
        {
            await ReplyAsync("221 bye");
            return false;
        }

        private async Task<bool> ReplyAsync(string reply)
        {
            switch (reply)
            {
                case HangUp:
                    return false;
                case Mute:
                    // Until the client gives up: its end of the connection is then the next thing that can be read.
                    while (await _stream.ReadAsync(_buffer, server._stop.Token) > 0)
                    {
                    }

                    return false;
                default:
                    await _stream.WriteAsync(Encoding.UTF8.GetBytes(reply + "\r\n"), server._stop.Token);
                    return true;
            }
        }

        private async Task<byte[]?> ReadLineAsync()
        {
            var line = new List<byte>();
            while (true)
            {
                if (_start == _end)
                {
                    (_start, _end) = (0, await _stream.ReadAsync(_buffer, server._stop.Token));
                    if (_end == 0)
                    {
                        return null;
                    }
                }

                var next = _buffer[_start++];
                if (next == '\n')
                {
                    return [.. line.Count > 0 && line[^1] == '\r' ? line[..^1] : line];
                }

                line.Add(next);
            }
        }

        private static string Path(string line) => line[(line.IndexOf('<') + 1)..line.IndexOf('>')];

        private static string Decode(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));
    }
}
