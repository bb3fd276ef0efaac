using System.Buffers.Text;
using MailKit;

namespace Gflow.Daemon.Notifications.Email;

/// <summary>
/// Follows what is said on a connection to a mail server (RFC 5321; BDAT is of RFC 3030), so that it is known at every moment whose turn
/// it is and at which step. Keeps nothing of it.
/// </summary>
internal sealed class SmtpConversation : IProtocolLogger
{
    /// <summary>What a server may take to greet (RFC 5321, 4.5.3.2.1).</summary>
    public static readonly TimeSpan GreetingPatience = TimeSpan.FromMinutes(5);

    /// <summary>What a server may take to say what becomes of a mail (RFC 5321, 4.5.3.2.6): before that, to send it again is to double it.</summary>
    public static readonly TimeSpan VerdictPatience = TimeSpan.FromMinutes(10);

    private static readonly byte[] EndOfText = "\r\n.\r\n"u8.ToArray();

    // Commands without an answer yet.
    private readonly Queue<string> _asked = new();

    // The last bytes of a text that ends with a dot; null outside of one.
    private byte[]? _tail;

    // What is left of a text whose length was announced.
    private long _announced;

    /// <summary>Of the attempt under way.</summary>
    public AttemptDeadline Deadline { get; set; } = CancellationToken.None;

    IAuthenticationSecretDetector? IProtocolLogger.AuthenticationSecretDetector { get; set; }

    public void LogConnect(Uri uri)
    {
        _asked.Clear();
        (_tail, _announced) = (null, 0);
        Deadline.Await("waiting for the greeting", GreetingPatience, isVerdict: false);
    }

    public void LogClient(byte[] buffer, int offset, int count)
    {
        var bytes = buffer.AsSpan(offset, count);
        while (bytes.Length > 0)
        {
            if (_announced > 0)
            {
                var part = (int)Math.Min(_announced, bytes.Length);
                _announced -= part;
                bytes = bytes[part..];
                Sent(whole: _announced == 0);
            }
            else if (_tail is not null)
            {
                byte[] seen = [.. _tail, .. bytes];
                _tail = seen.Length > EndOfText.Length ? seen[^EndOfText.Length..] : seen;
                bytes = [];
                Sent(whole: _tail.AsSpan().SequenceEqual(EndOfText));
            }
            else
            {
                var end = bytes.IndexOf((byte)'\n');
                Asked(end < 0 ? bytes : bytes[..end]);
                bytes = end < 0 ? [] : bytes[(end + 1)..];
            }
        }
    }

    public void LogServer(byte[] buffer, int offset, int count)
    {
        // Of an answer of several lines only the last has a blank after its code.
        foreach (var range in buffer.AsSpan(offset, count).Split((byte)'\n'))
        {
            var line = buffer.AsSpan(offset, count)[range];
            if (line.Length >= 4 && line[3] == ' ' && char.IsAsciiDigit((char)line[0]))
            {
                Answered(line[0]);
            }
        }
    }

    public void Dispose()
    {
    }

    private void Asked(ReadOnlySpan<byte> line)
    {
        var end = line.IndexOfAny((byte)' ', (byte)'\r');
        var verb = System.Text.Encoding.ASCII.GetString(end < 0 ? line : line[..end]).ToUpperInvariant();
        if (verb is not ("EHLO" or "HELO" or "STARTTLS" or "AUTH" or "MAIL" or "RCPT" or "DATA" or "BDAT" or "RSET" or "QUIT" or "NOOP"))
        {
            // A further line of a login.
            return;
        }

        _asked.Enqueue(verb);
        if (verb == "BDAT" && Utf8Parser.TryParse(line[(end + 1)..], out long length, out _))
        {
            _announced = length;
        }

        if (_asked.Count == 1)
        {
            Deadline.Step = Step(verb);
        }
    }

    private void Answered(byte digit)
    {
        if (_asked.Count == 0)
        {
            // The greeting.
            Deadline.GoOn();
            return;
        }

        // A login may take several answers.
        if (digit == '3' && _asked.Peek() == "AUTH")
        {
            return;
        }

        var verb = _asked.Dequeue();
        if (verb == "DATA" && digit == '3')
        {
            _tail = "\r\n"u8.ToArray();
            _asked.Enqueue("DATA");
            Deadline.Step = "sending the text";
            return;
        }

        _tail = null;
        Deadline.GoOn();
        Deadline.Step = verb == "STARTTLS" && digit == '2' ? "setting up TLS" : _asked.TryPeek(out var next) ? Step(next) : $"going on after {verb}";
    }

    private void Sent(bool whole)
    {
        if (whole)
        {
            _tail = null;
            Deadline.Await("waiting for the verdict", VerdictPatience, isVerdict: true);
        }
    }

    private static string Step(string verb) => verb == "BDAT" ? "sending the text" : $"waiting for the answer to {verb}";
}
