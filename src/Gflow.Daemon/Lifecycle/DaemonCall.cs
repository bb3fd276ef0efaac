using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gflow.Core.Contracts;
using Gflow.Daemon.Http;

namespace Gflow.Daemon.Lifecycle;

/// <summary>Asks a daemon over its Unix socket.</summary>
internal sealed class DaemonCall : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http;

    public DaemonCall(string socket)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, ct) =>
            {
                using var path = SocketPath.To(socket);
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(path.Address), ct).ConfigureAwait(false);
                    return new NetworkStream(connection, ownsSocket: true);
                }
                catch
                {
                    connection.Dispose();
                    throw;
                }
            },
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri("http://localhost"), Timeout = Patience };
    }

    /// <returns>The answer; null when there is no daemon, or none that answers this.</returns>
    public async Task<T?> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken ct)
        where T : class
    {
        try
        {
            using var answer = await _http.GetAsync(path, ct).ConfigureAwait(false);
            return answer.IsSuccessStatusCode
                ? JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(ct).ConfigureAwait(false), type)
                : null;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or JsonException || IsTimeout(error, ct))
        {
            return null;
        }
    }

    /// <summary>Cancels a job.</summary>
    /// <returns>Whether it will end or has ended; false when the daemon does not say so.</returns>
    public async Task<bool> CancelAsync(uint job, CancellationToken ct)
    {
        try
        {
            using var answer = await _http.PostAsync($"/jobs/{job}/cancel", null, ct).ConfigureAwait(false);
            return answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.Conflict;
        }
        catch (Exception error) when (error is HttpRequestException || IsTimeout(error, ct))
        {
            return false;
        }
    }

    public Task<StatusAnswer?> StatusAsync(CancellationToken ct) => GetAsync("/status", WireJson.Default.StatusAnswer, ct);

    public Task<HealthAnswer?> HealthAsync(CancellationToken ct) => GetAsync("/health", WireJson.Default.HealthAnswer, ct);

    public void Dispose() => _http.Dispose();

    private static bool IsTimeout(Exception error, CancellationToken ct) => error is OperationCanceledException && !ct.IsCancellationRequested;
}
