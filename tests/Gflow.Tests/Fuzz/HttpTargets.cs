using System.Net.Sockets;
using System.Text;

namespace Gflow.Tests.Fuzz;

/// <summary>Requests to a daemon, each on a connection of its own and as it is: what a client library would fix or refuse gets through.</summary>
/// <param name="socket">Where the daemon listens.</param>
/// <param name="job">A job that can be updated.</param>
internal sealed class HttpTargets(string socket, uint job)
{
    private const double Seconds = 0.6;

    public static IReadOnlyList<string> Names { get; } = ["submission", "batch", "update", "redo", "reservation", "query", "idempotency-key", "last-event-id"];

    public FuzzTarget Of(string name) => name switch
    {
        "submission" => Body(name, "POST /jobs"),
        "batch" => Body(name, "POST /jobs/batch"),
        "update" => Body(name, $"PATCH /jobs/{job}"),
        "redo" => Body("submission", $"POST /jobs/{job}/redo"),
        "reservation" => Body(name, "POST /reservations"),
        "query" => new FuzzTarget(name, input => AskAsync("GET /", OneLine(input), "", [], []))
        {
            Seconds = Seconds,
            Words = ["jobs?", "jobs/1", "jobs/1/log?", "reservations?", "state=", "&", "limit=", "tail=", "from=", "max_bytes=", "%00", "%FF", "%2F", "../", "//"],
        },
        "idempotency-key" => new FuzzTarget(name, input => AskAsync("POST /jobs", [], "Idempotency-Key: ", OneLine(input), """{"command":"true","run_dir":"/"}"""u8.ToArray())) { Seconds = Seconds },
        "last-event-id" => new FuzzTarget(name, input => AskAsync("GET /events", [], "Last-Event-ID: ", OneLine(input), [])) { Seconds = Seconds },
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such target"),
    };

    private FuzzTarget Body(string name, string request) =>
        new(name, input => AskAsync(request, [], "", [], input)) { Seconds = Seconds, Words = FormatTargets.WordsOfJson };

    /// <summary>Sends a request and sees to it that the answer lays no fault on the daemon.</summary>
    private async Task AskAsync(string request, byte[] path, string header, byte[] value, byte[] body)
    {
        using var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket));
        var length = body.Length > 0 ? $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n" : "";
        await connection.SendAsync((byte[])
        [
            .. Encoding.ASCII.GetBytes(request), .. path, .. Encoding.ASCII.GetBytes($" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{length}{header}"), .. value,
            .. header.Length > 0 ? "\r\n\r\n"u8 : "\r\n"u8, .. body,
        ]);
        var status = await StatusAsync(connection);
        Assert.True(status is >= 200 and < 500 or 503, $"the answer was {status}");
    }

    private static async Task<int> StatusAsync(Socket connection)
    {
        var line = new byte["HTTP/1.1 200".Length];
        for (var have = 0; have < line.Length;)
        {
            var got = await connection.ReceiveAsync(line.AsMemory(have));
            Assert.True(got > 0, "the connection was closed without an answer");
            have += got;
        }

        return int.Parse(line.AsSpan(line.Length - 3));
    }

    /// <summary>The input without what would end its line and begin another: then it would be another request.</summary>
    private static byte[] OneLine(byte[] input) => [.. input.Where(c => c is not ((byte)'\r' or (byte)'\n'))];
}
