using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.EndToEnd.History;

namespace Gflow.EndToEnd.Storage;

/// <summary>A change that somebody wants.</summary>
/// <param name="Operation">Its number, from which it has its key, and the jobs it makes their name.</param>
/// <param name="Request">What it is in a history; null for what is not about jobs.</param>
/// <param name="Job">The job it is about; 0 when it is about none.</param>
/// <param name="Jobs">How many jobs it makes.</param>
internal sealed record Wish(int Operation, Request? Request, HttpMethod Method, string Path, string? Body, uint Job = 0, int Jobs = 0);

/// <summary>An answer as it came.</summary>
/// <param name="Status">Of HTTP; 0 when the connection broke.</param>
/// <param name="Body">JSON.</param>
internal readonly record struct Heard(int Status, string Body)
{
    public bool Done => Status is >= 200 and < 300;

    /// <summary>The code of the refusal.</summary>
    public string? Refusal()
    {
        using var answer = JsonDocument.Parse(Body);
        return answer.RootElement.GetProperty("problems")[0].GetProperty("code").GetString();
    }
}

/// <summary>Asks for changes, each under a key of its own, again and again until it has been done, and notes all that it was answered.</summary>
/// <param name="answered">Is told of each answer that did not say yes, and completes when it may be asked again.</param>
internal sealed class InsistentCaller(string socket, Func<Heard, Task> answered) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancel) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel);
            return new NetworkStream(connection, ownsSocket: true);
        },
    })
    { BaseAddress = new Uri("http://localhost") };

    private int _operations;
    private bool _diskFailed;

    /// <summary>Every call about jobs.</summary>
    public List<Call> Calls { get; } = [];

    /// <summary>What was acknowledged, and how.</summary>
    public Dictionary<Wish, Heard> Acknowledged { get; } = [];

    /// <summary>Insists on a change.</summary>
    public async Task<Heard> AskAsync(Func<int, Wish> wish)
    {
        var wanted = wish(++_operations);
        while (true)
        {
            var heard = await TryAsync(wanted);
            if (heard.Done)
            {
                Acknowledged.Add(wanted, heard);
                return heard;
            }

            await answered(heard);
        }
    }

    /// <summary>Asks for a change once.</summary>
    public Task<Heard> TryAsync(Func<int, Wish> wish) => TryAsync(wish(++_operations));

    /// <summary>Asks once.</summary>
    public async Task<Heard> TryAsync(Wish wish)
    {
        var begun = Stopwatch.GetTimestamp();
        var heard = await SendAsync(wish);
        var status = heard.Status;
        if (!_diskFailed && status == (int)HttpStatusCode.ServiceUnavailable && heard.Refusal() == "store_failed")
        {
            // Whether the request that the fault met with is stored is open, as the refusal says. Those that come later have no effect.
            _diskFailed = true;
            status = 0;
        }

        if (wish.Request is { } request)
        {
            Calls.Add(new Call(wish.Operation, request, wish.Job, wish.Jobs, begun, Stopwatch.GetTimestamp(), status, heard.Done && wish.Jobs > 0 ? [.. Ids(heard)] : [], heard.Body.GetHashCode(StringComparison.Ordinal)));
        }

        return heard;
    }

    /// <summary>What the jobs are called that an operation makes.</summary>
    public static string Name(int operation) => $"operation-{operation}";

    /// <summary>The jobs that an answer names.</summary>
    public static IEnumerable<uint> Ids(Heard answer)
    {
        using var read = JsonDocument.Parse(answer.Body);
        var jobs = read.RootElement;
        return jobs.ValueKind == JsonValueKind.Array ? [.. jobs.EnumerateArray().Select(Id)] : [Id(jobs)];
    }

    public void Dispose() => _http.Dispose();

    private async Task<Heard> SendAsync(Wish wish)
    {
        using var request = new HttpRequestMessage(wish.Method, wish.Path);
        request.Headers.Add(WireHeaders.IdempotencyKey, Name(wish.Operation));
        request.Content = wish.Body is null ? null : new StringContent(wish.Body, Encoding.UTF8, "application/json");
        try
        {
            using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
            return new Heard((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            return new Heard(0, "");
        }
    }

    private static uint Id(JsonElement job) => job.GetProperty("id").GetUInt32();
}
