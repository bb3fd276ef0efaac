using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gflow.Client;

/// <summary>The daemon's answer, whole.</summary>
internal sealed record PlainAnswer(HttpStatusCode Status, byte[] Body)
{
    internal bool IsSuccess => (int)Status is >= 200 and < 300;
}

/// <summary>
/// One request and its answer over the Unix socket, HTTP/1.1, on the calling thread. A command asks once and ends: the
/// framework's client with its pools, timers and waiting threads would cost it more than the daemon takes to answer.
/// </summary>
internal static class PlainExchange
{
    /// <summary>A connection; null when the socket cannot be connected to.</summary>
    internal static Socket? TryConnect(EndPoint daemon)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(daemon);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    /// <exception cref="IOException">The connection broke before the answer was whole, or what came is no answer.</exception>
    /// <exception cref="TimeoutException">Nothing came for longer than <paramref name="patience"/>.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    internal static PlainAnswer Ask(Socket socket, HttpRequestMessage request, TimeSpan patience, CancellationToken cancel)
    {
        socket.SendTimeout = socket.ReceiveTimeout = (int)patience.TotalMilliseconds;
        using var cancelled = cancel.UnsafeRegister(static state => ((Socket)state!).Dispose(), socket);
        try
        {
            Send(socket, request);
            return Receive(socket);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or IOException && cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancel);
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            throw new TimeoutException(error.Message, error);
        }
        catch (SocketException error)
        {
            throw new IOException(error.Message, error);
        }
    }

    private static void Send(Socket socket, HttpRequestMessage request)
    {
        using var message = new MemoryStream();
        var head = new StringBuilder($"{request.Method} {request.RequestUri!.PathAndQuery} HTTP/1.1\r\nHost: localhost\r\n");
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            head.Append(name).Append(": ").Append(values).Append("\r\n");
        }

        using var body = request.Content?.ReadAsStream();
        if (body is not null)
        {
            head.Append("Content-Type: application/json\r\nContent-Length: ").Append(body.Length).Append("\r\n");
        }

        message.Write(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()));
        body?.CopyTo(message);
        var rest = message.GetBuffer().AsSpan(0, (int)message.Length);
        try
        {
            while (!rest.IsEmpty)
            {
                rest = rest[socket.Send(rest)..];
            }
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            // A refusal may be on its way before the whole request is: what it says is worth more than that it came early.
        }
    }

    private static PlainAnswer Receive(Socket socket)
    {
        var received = new byte[16 * 1024];
        var length = 0;
        while (true)
        {
            if (length == received.Length)
            {
                Array.Resize(ref received, length * 2);
            }

            var got = socket.Receive(received.AsSpan(length));
            length += got;
            if (Read(received.AsSpan(0, length), ended: got == 0) is { } answer)
            {
                return answer;
            }

            if (got == 0)
            {
                throw new IOException(length == 0 ? "the daemon closed the connection without an answer" : "the answer broke off");
            }
        }
    }

    /// <returns>Null while something is missing.</returns>
    private static PlainAnswer? Read(ReadOnlySpan<byte> received, bool ended)
    {
        var end = received.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return null;
        }

        var lines = Encoding.ASCII.GetString(received[..end]).Split("\r\n");
        if (!lines[0].StartsWith("HTTP/1.1 ", StringComparison.Ordinal) || lines[0].Length < 12 || !int.TryParse(lines[0].AsSpan(9, 3), out var status))
        {
            throw new IOException("what answers there does not speak HTTP");
        }

        var rest = received[(end + 4)..];
        var body = Header(lines, "Transfer-Encoding") is not null ? Unchunk(rest)
            : long.TryParse(Header(lines, "Content-Length"), out var announced) ? (rest.Length < announced ? null : rest[..(int)announced].ToArray())
            : status == (int)HttpStatusCode.NoContent ? []
            : ended ? rest.ToArray()
            : null;
        return body is null ? null : new((HttpStatusCode)status, body);
    }

    private static string? Header(string[] lines, string name)
    {
        foreach (var line in lines)
        {
            if (line.Length > name.Length && line[name.Length] == ':' && line.StartsWith(name, StringComparison.OrdinalIgnoreCase))
            {
                return line[(name.Length + 1)..].Trim();
            }
        }

        return null;
    }

    /// <returns>The body put together; null while something is missing.</returns>
    private static byte[]? Unchunk(ReadOnlySpan<byte> rest)
    {
        using var body = new MemoryStream(rest.Length);
        while (true)
        {
            var line = rest.IndexOf("\r\n"u8);
            if (line < 0)
            {
                return null;
            }

            if (!System.Buffers.Text.Utf8Parser.TryParse(rest[..line], out int size, out _, 'x') || size < 0)
            {
                throw new IOException("what answers there does not speak HTTP");
            }

            if (size == 0)
            {
                return body.ToArray();
            }

            rest = rest[(line + 2)..];
            if (rest.Length < (long)size + 2)
            {
                return null;
            }

            body.Write(rest[..size]);
            rest = rest[(size + 2)..];
        }
    }
}
