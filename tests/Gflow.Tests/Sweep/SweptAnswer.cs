using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Gflow.Tests.Sweep;

/// <summary>What came back.</summary>
/// <param name="Status">0 when nothing did.</param>
internal sealed record SweptAnswer(int Status, string Head, string Body)
{
    /// <summary>As much as anybody reads of a refusal.</summary>
    private const int LongestRefusal = 64 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Asks on a connection of its own.</summary>
    /// <param name="streams">Whether the answer is not read to its end, as it has none.</param>
    public static async Task<SweptAnswer> OfAsync(string socket, SweptRequest request, bool streams)
    {
        using var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using var patience = new CancellationTokenSource(Patience);
        await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), patience.Token);
        await SendAsync(connection, request, patience.Token);
        using var answer = new MemoryStream();
        var piece = new byte[64 * 1024];
        while (await ReceiveAsync(connection, piece, patience.Token) is > 0 and var got)
        {
            answer.Write(piece, 0, got);
            if (streams && answer.GetBuffer().AsSpan(0, (int)answer.Length).IndexOf("\r\n\r\n"u8) >= 0 && !Contains(answer, "Content-Length"))
            {
                break;
            }
        }

        return Read(Encoding.UTF8.GetString(answer.GetBuffer(), 0, (int)answer.Length));
    }

    /// <param name="usual">The body of the answer to what is not odd.</param>
    /// <returns>What is wrong with it; null when all is right.</returns>
    public string? Fault(SweptRequest request, string usual) =>
        Status >= 500 ? "the daemon says that it is its own fault"
        : Status == 0 ? request.IsCut ? null : "no answer"
        : Status < 400 || Head.StartsWith("HEAD", StringComparison.Ordinal) ? null
        : Body.Length == 0 ? request.MayBeNoHttp || request.What.StartsWith("HEAD", StringComparison.Ordinal) ? null : "a refusal without a word"
        : Body.Length > LongestRefusal ? $"a refusal of {Body.Length} bytes"
        : Refusal(request, usual);

    /// <summary>Such a value is right by itself.</summary>
    private bool IsAboutWhatIsThere => Status is 404 or 409 or 413 || Body.Contains("\"unresolved\"", StringComparison.Ordinal);

    private string? Refusal(SweptRequest request, string usual)
    {
        try
        {
            using var json = JsonDocument.Parse(Body);
            var problems = json.RootElement.GetProperty("problems").EnumerateArray().ToList();
            return problems.Count == 0 || problems.Any(problem => Text(problem, "code").Length == 0 || Text(problem, "message").Length < 6) ? "a refusal without code or message"
                : request.Field is not { } field || IsAboutWhatIsThere || Body == usual || problems.Any(problem => Names(Text(problem, "field"), field) || Names(Text(problem, "message"), field)) ? null
                : $"a refusal that does not name {field}";
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return "a refusal that is none";
        }
    }

    /// <summary>What came as bytes is one with what came as text.</summary>
    private static bool Names(string text, string field) => text.Contains(field.Replace("_base64", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);

    private static string Text(JsonElement problem, string name) => problem.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    private static async Task SendAsync(Socket connection, SweptRequest request, CancellationToken ct)
    {
        try
        {
            for (var sent = 0; sent < request.Bytes.Length;)
            {
                sent += await connection.SendAsync(request.Bytes.AsMemory(sent), ct);
            }

            if (request.IsCut)
            {
                connection.Shutdown(SocketShutdown.Send);
            }
        }
        catch (SocketException)
        {
            // It was refused before all of it had been read; the answer says why.
        }
    }

    private static async Task<int> ReceiveAsync(Socket connection, byte[] piece, CancellationToken ct)
    {
        try
        {
            return await connection.ReceiveAsync(piece, ct);
        }
        catch (SocketException)
        {
            return 0;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"nothing came within {Patience.TotalSeconds:0} s");
        }
    }

    private static bool Contains(MemoryStream answer, string text) => Encoding.Latin1.GetString(answer.GetBuffer(), 0, (int)answer.Length).Contains(text, StringComparison.OrdinalIgnoreCase);

    private static SweptAnswer Read(string text)
    {
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return end < 0 ? new(0, text, "") : new(int.Parse(text.AsSpan("HTTP/1.1 ".Length, 3), NumberStyles.None, CultureInfo.InvariantCulture), text[..end], text[(end + 4)..]);
    }
}
