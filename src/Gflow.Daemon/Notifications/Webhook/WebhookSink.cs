using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Gflow.Core.Contracts;
using Gflow.Core.Notifications;

namespace Gflow.Daemon.Notifications.Webhook;

/// <summary>Posts an event's payload, byte for byte as it was committed, to one address.</summary>
internal sealed class WebhookSink : INotificationSink
{
    /// <summary>What is read of an answer, in bytes; enough for a sentence, and no peer can make us hold more.</summary>
    public const int LongestAnswer = 4096;

    private const string Masked = "***";

    private static readonly HttpRequestOptionsKey<AttemptDeadline> DeadlineKey = new("gflow.deadline");

    private static readonly TimeSpan LongestConnect = TimeSpan.FromMinutes(1);

    private static readonly ProductInfoHeaderValue UserAgent = new("gflow", ProgramVersion());

    private readonly WebhookTargetOptions _target;
    private readonly TimeProvider _time;
    private readonly PeerWords _secrets;
    private readonly ServerTrust _trust;
    private readonly GuardedConnector _connector;
    private readonly HttpClient _client;
    private readonly AsyncLocal<ConnectionTrace?> _trace = new();

    public WebhookSink(WebhookTargetOptions target, TimeProvider time, GuardedConnector connector)
    {
        _target = target;
        _time = time;
        _secrets = new PeerWords(
        [
            .. PeerWords.PartsOf(target.Url),
            .. target.Headers.Values.SelectMany(PeerWords.PartsOfHeader),
            .. target.Secrets.Select(secret => secret.Text),
            .. target.Proxy is { } proxy ? PeerWords.PartsOf(proxy) : [],
        ]);
        _trust = new ServerTrust(target.Authorities, "url");
        _connector = connector;
        _client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = TlsTo(null),
            AllowAutoRedirect = false,

            // Never one of the environment's.
            UseProxy = target.Proxy is not null,
            Proxy = target.Proxy is null ? null : ProxyOf(target.Proxy),
            UseCookies = false,
            ActivityHeadersPropagator = null,

            // Asked for the proxy where there is one, and for the target's host otherwise.
            ConnectCallback = async (context, ct) =>
            {
                var steps = StepsOf(context.InitialRequestMessage);
                var socket = await connector.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, ct, steps);
                steps(target.Proxy is not null ? "asking the proxy for a connection" : target.Url.Scheme == Uri.UriSchemeHttps ? "setting up TLS" : "sending the request");
                return new NetworkStream(socket, ownsSocket: true);
            },

            // Connecting goes on for the requests to come when the one that asked for it has given up; it is the attempt that gives up first.
            ConnectTimeout = target.Timeout < LongestConnect ? target.Timeout + TimeSpan.FromSeconds(1) : LongestConnect,
            PlaintextStreamFilter = (context, _) => ValueTask.FromResult<Stream>(new ReuseStream(context.PlaintextStream, _trace)),

            // Names may move to other addresses; a connection kept for ever would never notice.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseHeadersLength = 16,
            MaxResponseDrainSize = LongestAnswer,
            ResponseDrainTimeout = TimeSpan.FromSeconds(1),
        })
        {
            // The attempt's own deadline counts, and it counts for all of it.
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public ReadOnlyMemory<byte> Render(OutgoingMessage message) => message.Payload;

    public Task<DeliveryOutcome> SendAsync(OutgoingMessage message, ReadOnlyMemory<byte> body, AttemptDeadline deadline) =>
        AskAsync(() => Request(message, body), deadline);

    /// <summary>Asks for the address, and nothing more: a watcher notes that it was asked for.</summary>
    public Task<DeliveryOutcome> KnockAsync(AttemptDeadline deadline) => AskAsync(() => Identified(new HttpRequestMessage(HttpMethod.Get, _target.Url)), deadline);

    private async Task<DeliveryOutcome> AskAsync(Func<HttpRequestMessage> request, AttemptDeadline deadline)
    {
        deadline.Step = "waiting for a connection";
        try
        {
            using var answer = await AnswerAsync(request, deadline);
            deadline.Step = "reading the answer";
            var notBefore = HttpVerdict.RetryAfter(Single(answer.Headers, "Retry-After"), _time.GetUtcNow());
            return HttpVerdict.Judge((int)answer.StatusCode, answer.IsSuccessStatusCode ? null : await WordsAsync(answer, deadline.Token), notBefore);
        }
        catch (HttpRequestException exception)
        {
            return Failure(exception, deadline.Step);
        }
        catch (OperationCanceledException) when (!deadline.Token.IsCancellationRequested)
        {
            return new DeliveryOutcome.TryLater("the connection was given up");
        }
    }

    /// <summary>Of the address no more than the host is shown.</summary>
    public PreviewView Preview(OutgoingMessage message)
    {
        var body = Render(message);
        using var request = Request(message, body);
        List<HeaderView> headers = [new("Host", _target.Url.Authority)];
        headers.AddRange(request.Headers.NonValidated.Select(header => new HeaderView(header.Key, Shown(header.Key, header.Value.ToString()))));
        headers.AddRange(request.Content!.Headers.NonValidated.Select(header => new HeaderView(header.Key, Shown(header.Key, header.Value.ToString()))));
        headers.Add(new HeaderView("Content-Length", body.Length.ToString(CultureInfo.InvariantCulture)));
        return new PreviewView(
            _target.Name, _target.Kind, $"POST {_target.Url.Scheme}://{_target.Url.Authority}/{Masked}", headers, Encoding.UTF8.GetString(body.Span));
    }

    /// <summary>Connects, with TLS where the address asks for it.</summary>
    public async Task<ReachedTarget> ReachAsync(CancellationToken deadline) => new(
        _target switch
        {
            { Proxy: not null } => "its proxy can be reached; what is behind it was not tried",
            { Url.Scheme: "https" } => "can be reached, and its certificate is trusted",
            _ => "can be reached",
        },
        await ConnectProblemAsync(deadline));

    private async Task<string?> ConnectProblemAsync(CancellationToken deadline)
    {
        // Behind a proxy nothing can be reached without asking it to pass something on.
        var place = _target.Proxy ?? _target.Url;
        try
        {
            await using var stream = new NetworkStream(await _connector.ConnectAsync(place.IdnHost.Trim('[', ']'), place.Port, deadline), ownsSocket: true);
            if (place.Scheme == Uri.UriSchemeHttps)
            {
                await using var tls = new SslStream(stream);
                await tls.AuthenticateAsClientAsync(TlsTo(place.IdnHost), deadline);
            }

            return null;
        }
        catch (RefusedAddressException refused)
        {
            return refused.Message;
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData)
        {
            return "its host name is not known";
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode == SocketError.TryAgain ? "the name server gave no answer" : NetworkText.Connect(exception);
        }
        catch (UntrustedServerException untrusted)
        {
            return $"no trusted TLS connection: {_secrets.Clean(untrusted.Message)}";
        }
        catch (AuthenticationException tls)
        {
            return $"no trusted TLS connection ({tls.Message})";
        }
        catch (IOException)
        {
            return "the connection broke while TLS was set up";
        }
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <param name="host">Null where the client fills it in.</param>
    private SslClientAuthenticationOptions TlsTo(string? host) => new()
    {
        TargetHost = host,
        CertificateChainPolicy = ServerTrust.ChainPolicy,
        RemoteCertificateValidationCallback = (_, shown, chain, errors) =>
            _trust.Problem(shown, chain, errors) is { } problem ? throw new UntrustedServerException(problem) : true,
    };

    /// <summary>Values of the configuration are secrets, and a signature of what was never sent is worth as much as one of what was.</summary>
    private string Shown(string header, string value) =>
        _target.Headers.Keys.Contains(header, StringComparer.OrdinalIgnoreCase) || header is "Authorization" or "webhook-signature" ? Masked : value;

    /// <param name="make">Makes the request, for each time it is sent.</param>
    private async Task<HttpResponseMessage> AnswerAsync(Func<HttpRequestMessage> make, AttemptDeadline deadline)
    {
        var trace = new ConnectionTrace(deadline);
        _trace.Value = trace;
        try
        {
            return await _client.SendAsync(Traced(), HttpCompletionOption.ResponseHeadersRead, deadline.Token);
        }
        catch (HttpRequestException) when (trace.SilentReuse)
        {
            // The server closed an idle connection while we used it again. That says nothing against the target.
            return await _client.SendAsync(Traced(), HttpCompletionOption.ResponseHeadersRead, deadline.Token);
        }

        HttpRequestMessage Traced()
        {
            var request = make();
            request.Options.Set(DeadlineKey, deadline);
            return request;
        }
    }

    /// <summary>Tells the attempt for which a connection is made of its steps; others may come to use it.</summary>
    private static Action<string> StepsOf(HttpRequestMessage request) =>
        request.Options.TryGetValue(DeadlineKey, out var deadline) ? step => deadline.Step = step : static _ => { };

    private HttpRequestMessage Request(OutgoingMessage message, ReadOnlyMemory<byte> body)
    {
        var content = new ReadOnlyMemoryContent(body);
        var request = Identified(new HttpRequestMessage(HttpMethod.Post, _target.Url) { Content = content });
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var (name, value) in _target.Headers.Where(header => !IsOurs(header.Key)))
        {
            Replace(request, name, value);
        }

        var now = _time.GetUtcNow();
        var timestamp = now.ToUnixTimeSeconds();
        request.Headers.Add("webhook-id", message.EventUid);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        if (WebhookSignature.Of(message.EventUid, timestamp, body.Span, _target.Secrets, now) is { } signature)
        {
            request.Headers.Add("webhook-signature", signature);
        }

        return request;
    }

    /// <summary>With who asks, and the login that the address brings with it.</summary>
    private HttpRequestMessage Identified(HttpRequestMessage request)
    {
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue(UserAgent.Product!));
        if (LoginOf(_target.Url) is { } login)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{login.UserName}:{login.Password}")));
        }

        return request;
    }

    // Configured headers replace ours: two values of one would be for the receiver to guess about.
    private static void Replace(HttpRequestMessage request, string name, string value)
    {
        if (name.Equals("User-Agent", StringComparison.OrdinalIgnoreCase) || name.Equals("Authorization", StringComparison.OrdinalIgnoreCase))
        {
            request.Headers.Remove(name);
        }

        // The class library keeps the headers of the content apart from those of the request and refuses each in the other's place.
        if (!request.Headers.TryAddWithoutValidation(name, value))
        {
            request.Content!.Headers.Remove(name);
            request.Content.Headers.TryAddWithoutValidation(name, value);
        }
    }

    // What identifies, addresses or delimits the message is not for the configuration to change.
    private static bool IsOurs(string header) =>
        header.StartsWith("webhook-", StringComparison.OrdinalIgnoreCase)
        || header.Equals("Host", StringComparison.OrdinalIgnoreCase)
        || header.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
        || header.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase);

    private async Task<string?> WordsAsync(HttpResponseMessage answer, CancellationToken deadline)
    {
        var buffer = new byte[LongestAnswer];
        var length = 0;
        try
        {
            await using var stream = await answer.Content.ReadAsStreamAsync(deadline);
            length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, deadline);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or OperationCanceledException)
        {
            // The status has been said, and it decides; the words were only for people.
        }

        return _secrets.Clean(Encoding.UTF8.GetString(buffer, 0, length));
    }

    // Our words, not the exception's: those may name the address in full.
    private DeliveryOutcome Failure(HttpRequestException exception, string step) => exception.HttpRequestError switch
    {
        _ when exception.InnerException is RefusedAddressException refused => new DeliveryOutcome.TargetFault(refused.Message),
        HttpRequestError.ProxyTunnelError => new DeliveryOutcome.TryLater("the proxy opened no connection to it"),
        HttpRequestError.NameResolutionError when exception.InnerException is SocketException { SocketErrorCode: SocketError.TryAgain } =>
            new DeliveryOutcome.TryLater("the name server gave no answer"),
        HttpRequestError.NameResolutionError => new DeliveryOutcome.TargetFault("its host name is not known"),
        HttpRequestError.SecureConnectionError when exception.InnerException is UntrustedServerException untrusted =>
            new DeliveryOutcome.TargetFault($"no trusted TLS connection: {_secrets.Clean(untrusted.Message)}"),
        HttpRequestError.SecureConnectionError when exception.InnerException is AuthenticationException tls =>
            new DeliveryOutcome.TargetFault($"no trusted TLS connection ({tls.Message})"),
        HttpRequestError.SecureConnectionError => new DeliveryOutcome.TryLater("the connection broke while TLS was set up"),
        HttpRequestError.ConnectionError => new DeliveryOutcome.TryLater($"{NetworkText.Connect(exception.InnerException as SocketException)}, while {step}"),
        HttpRequestError.ResponseEnded => new DeliveryOutcome.TryLater("the connection ended before an answer"),
        HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError or HttpRequestError.ConfigurationLimitExceeded =>
            new DeliveryOutcome.TryLater("the answer was not HTTP as we speak it"),
        _ => new DeliveryOutcome.TryLater($"the connection broke, while {step}"),
    };

    private static WebProxy ProxyOf(Uri url) =>
        new(new UriBuilder(url) { UserName = "", Password = "" }.Uri) { Credentials = LoginOf(url) };

    private static NetworkCredential? LoginOf(Uri url)
    {
        var parts = url.UserInfo.Split(':', 2);
        return url.UserInfo.Length == 0
            ? null
            : new NetworkCredential(Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? ""));
    }

    private static string? Single(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    private static string ProgramVersion() => typeof(WebhookSink).Assembly.GetName().Version?.ToString(3) ?? "0";

    // The class library tells whoever sends nothing but what the judgement of a certificate throws.
    private sealed class UntrustedServerException(string problem) : Exception(problem);
}
