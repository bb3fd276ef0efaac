using Gflow.Core;

namespace Gflow.Daemon.Http;

/// <summary>Routes of the reference that are not built: whoever asks for one is told so, and what to use instead.</summary>
internal static class LaterRoutes
{
    /// <summary>Their methods and paths, and what to do instead.</summary>
    public static readonly IReadOnlyList<(HttpMethod Method, string Path, string Instead)> All =
    [
        (HttpMethod.Get, "/ui", "gqueue -w shows the queue as it changes"),
        (HttpMethod.Get, "/ui/{*page}", "gqueue -w shows the queue as it changes"),
        (HttpMethod.Get, "/quotas", "[quota] in the configuration limits how many jobs may wait"),
        (HttpMethod.Put, "/quotas", "[quota] in the configuration limits how many jobs may wait"),
        (HttpMethod.Delete, "/quotas", "[quota] in the configuration limits how many jobs may wait"),
        (HttpMethod.Get, "/debug/state", "GET /jobs, GET /info and GET /status tell it"),
        (HttpMethod.Get, "/debug/jobs/{id}", "GET /jobs/{id} tells it"),
        (HttpMethod.Get, "/debug/metrics", "GET /metrics has the numbers"),
    ];

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var (method, path, instead) in All)
        {
            routes.MapMethods(path, [method.Method], context => ProblemMapping.WriteAsync(
                context, [new Problem(ProblemCode.NotAvailable, $"{method} {context.Request.Path} is not available in this version: {instead}.")], StatusCodes.Status404NotFound));
        }
    }
}
