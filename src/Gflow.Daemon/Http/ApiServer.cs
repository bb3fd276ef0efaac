using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Gflow.Daemon.Http;

/// <summary>What stands before the routes.</summary>
/// <param name="Around">Stands around all else.</param>
internal sealed record ApiSteps(Func<HttpContext, RequestDelegate, Task> Around, Access Access, TroubleHeader Troubles, BodyRules Bodies, CallerLimits Limits);

/// <summary>The HTTP server, on the Unix socket and on loopback TCP.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    // Streams end at once and other requests take milliseconds; who still reads after this is cut off.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // Callers are on this machine: who takes longer over some lines does so on purpose.
    private static readonly TimeSpan HeaderPatience = TimeSpan.FromSeconds(5);

    private readonly WebApplication _app;
    private readonly Listeners _listeners;

    private ApiServer(WebApplication app, Listeners listeners)
    {
        _app = app;
        _listeners = listeners;
    }

    /// <summary>The TCP address, such as <c>http://127.0.0.1:59000</c>; null without one.</summary>
    public Uri? Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
        .FirstOrDefault(address => !address.StartsWith("http://unix:", StringComparison.Ordinal)) is { } address ? new(address) : null;

    /// <inheritdoc cref="Listeners.WithoutTcp"/>
    public string? WithoutTcp => _listeners.WithoutTcp;

    /// <summary>All routes.</summary>
    public IReadOnlyList<Endpoint> Endpoints => [.. ((IEndpointRouteBuilder)_app).DataSources.SelectMany(source => source.Endpoints)];

    /// <param name="routes">What each capability maps.</param>
    /// <exception cref="StartRefusedException">It cannot listen there.</exception>
    public static async Task<ApiServer> StartAsync(ApiSteps steps, IReadOnlyList<Action<IEndpointRouteBuilder>> routes, ListenOptions listen, ILoggerFactory logs, CancellationToken ct)
    {
        var listeners = Listeners.Prepare(listen);
        WebApplication? app = null;
        try
        {
            app = Build(steps, routes, listen, listeners, logs);
            await app.StartAsync(ct);
            return new(app, listeners);
        }
        catch
        {
            if (app is not null)
            {
                await app.DisposeAsync();
            }

            listeners.Dispose();
            throw;
        }
    }

    /// <summary>Ends all streams, lets running requests finish for two seconds, and goes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _listeners.Dispose();
    }

    private static WebApplication Build(ApiSteps steps, IReadOnlyList<Action<IEndpointRouteBuilder>> routes, ListenOptions listen, Listeners listeners, ILoggerFactory logs)
    {
        // Empty on purpose: the other builders read appsettings.json of the working directory and the environment, which are not this daemon's configuration.
        var builder = WebApplication.CreateEmptyBuilder(new() { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton(logs);
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = Patience);
        builder.Services.Configure<SocketTransportOptions>(options => options.CreateBoundListenSocket = listeners.Bind);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.RequestHeadersTimeout = HeaderPatience;
            kestrel.Limits.MaxRequestBodySize = BodyRules.UsualLimit;
            listeners.AddTo(kestrel);
        });

        var app = builder.Build();
        app.Use(listen.Seats.InvokeAsync);
        app.Use(steps.Limits.PaceAsync);
        app.Use(steps.Around);
        app.Use(new ProblemMapping(logs.CreateLogger<ProblemMapping>()).InvokeAsync);
        app.Use(steps.Access.InvokeAsync);
        app.Use(steps.Troubles.InvokeAsync);
        app.Use(steps.Bodies.InvokeAsync);
        app.Use(steps.Limits.TurnAsync);
        app.UseRouting();
        foreach (var map in routes)
        {
            map(app);
        }

        return app;
    }
}
