using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Gflow.Daemon.Demo;

/// <summary>A request as it arrived.</summary>
/// <param name="Number">From 1, in order of arrival.</param>
/// <param name="Headers">Names compared without case; several values of one name joined by commas.</param>
internal sealed record ReceivedRequest(int Number, string Method, string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body);

/// <summary>What to answer.</summary>
/// <param name="Delay">Before the first byte.</param>
internal sealed record ReceiverAnswer(int Status = 204, string Body = "", TimeSpan Delay = default, IReadOnlyDictionary<string, string>? Headers = null);

/// <summary>A web server on a free port of the loopback address that keeps what is posted to it and answers as told.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Func<ReceivedRequest, ReceiverAnswer> _answer;
    private readonly Lock _gate = new();
    private int _count;
    private int _open;

    private WebhookReceiver(Func<ReceivedRequest, ReceiverAnswer> answer)
    {
        _answer = answer;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    public ReceivedItems<ReceivedRequest> Requests { get; } = new();

    /// <summary>Most requests that were open at once.</summary>
    public int MostOpen { get; private set; }

    /// <summary>Where it listens, ending with a slash.</summary>
    public Uri Url => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/");

    /// <param name="answer">Called for each request in order of arrival; null accepts everything.</param>
    public static async Task<WebhookReceiver> StartAsync(Func<ReceivedRequest, ReceiverAnswer>? answer = null)
    {
        var receiver = new WebhookReceiver(answer ?? (_ => new ReceiverAnswer()));
        await receiver._app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync()
    {
        // Requests that are held open on purpose must not hold the end up.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        lock (_gate)
        {
            MostOpen = Math.Max(MostOpen, ++_open);
        }

        try
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            var answer = Record(context.Request, body.ToArray());
            await Task.Delay(answer.Delay, context.RequestAborted);
            context.Response.StatusCode = answer.Status;
            foreach (var (name, value) in answer.Headers ?? new Dictionary<string, string>())
            {
                context.Response.Headers[name] = value;
            }

            await context.Response.WriteAsync(answer.Body, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The sender went away; what it sent is recorded.
        }
        finally
        {
            lock (_gate)
            {
                _open--;
            }
        }
    }

    private ReceiverAnswer Record(HttpRequest request, byte[] body)
    {
        var headers = request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        lock (_gate)
        {
            var received = new ReceivedRequest(++_count, request.Method, request.Path + request.QueryString, headers, body);
            var answer = _answer(received);
            Requests.Add(received);
            return answer;
        }
    }
}
