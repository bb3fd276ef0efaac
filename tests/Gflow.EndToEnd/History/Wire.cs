using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Gflow.Core.Contracts;

namespace Gflow.EndToEnd.History;

/// <summary>Something to ask of the daemon, once or again.</summary>
/// <param name="Path">Without the first slash.</param>
/// <param name="Key">Null when it is asked without one, and then only once.</param>
/// <param name="Job">That it is about; 0 for none.</param>
/// <param name="Jobs">How many it is to make.</param>
internal sealed record Errand(int Operation, Request Request, HttpMethod Method, string Path, byte[]? Body, string? Key, uint Job, int Jobs);

/// <summary>A client's way to the daemon: each request is sent as it is, no matter what became of the last, and written down with what came of it.</summary>
internal sealed class Wire : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http;
    private readonly Recorder _recorder;

    public Wire(string socket, Recorder recorder)
    {
        _recorder = recorder;
        _http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ActivityHeadersPropagator = null,
            ConnectCallback = async (_, cancel) =>
            {
                var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await client.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel);
                    return new NetworkStream(client, ownsSocket: true);
                }
                catch
                {
                    client.Dispose();
                    throw;
                }
            },
        })
        {
            BaseAddress = new Uri("http://localhost/"),
            Timeout = Patience,
        };
    }

    public async Task<Call> AskAsync(Errand errand)
    {
        using var message = new HttpRequestMessage(errand.Method, errand.Path);
        if (errand.Key is not null)
        {
            message.Headers.Add(WireHeaders.IdempotencyKey, errand.Key);
        }

        if (errand.Body is not null)
        {
            message.Content = new ByteArrayContent(errand.Body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        var begun = Stopwatch.GetTimestamp();
        var (status, said) = await AnswerAsync(message);
        var call = new Call(errand.Operation, errand.Request, errand.Job, errand.Jobs, begun, Stopwatch.GetTimestamp(), status, status == 201 ? Ids(said) : [], Recorder.Hash(said));
        _recorder.Called(call, errand, said);
        return call;
    }

    /// <summary>Reads something when all is quiet, without writing down that it did.</summary>
    public Task<byte[]> ReadAsync(string path) => _http.GetByteArrayAsync(path);

    public void Dispose() => _http.Dispose();

    private async Task<(int Status, byte[] Said)> AnswerAsync(HttpRequestMessage message)
    {
        try
        {
            using var answer = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
            return ((int)answer.StatusCode, await answer.Content.ReadAsByteArrayAsync());
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            return (0, []);
        }
    }

    private static uint[] Ids(byte[] said) => said[0] == '['
        ? [.. JsonSerializer.Deserialize(said, WireJson.Default.ListSubmittedJob)!.Select(job => job.Id)]
        : [JsonSerializer.Deserialize(said, WireJson.Default.SubmittedJob)!.Id];
}
