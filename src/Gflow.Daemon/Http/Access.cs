using Gflow.Core;
using Gflow.Core.Access;

namespace Gflow.Daemon.Http;

/// <summary>Stands before every route: establishes who is calling and refuses those who may not.</summary>
/// <param name="facts">Whose daemon this is.</param>
/// <param name="policy">The rules that hold now.</param>
/// <param name="configuredHost">The host name of the configuration, which requests may name beside localhost.</param>
internal sealed class Access(DaemonFacts facts, Func<AccessPolicy> policy, string configuredHost)
{
    /// <summary>Who sent a request that has passed.</summary>
    public static Actor ActorOf(HttpContext context) => context.Features.Get<Actor>()
        ?? throw new InvalidOperationException("The request has not passed the access check.");

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        var peer = context.Features.Get<Peer>();
        if (peer is not { OverTcp: false } && !AccessRules.IsOwnHost(request.Host.Host, configuredHost))
        {
            return ProblemMapping.WriteAsync(context, new Problem(ProblemCode.WrongHost,
                "The Host header does not name this machine; use localhost, 127.0.0.1, [::1] or the configured daemon.host", "Host"));
        }

        if (!AccessRules.IsOwnOrigin(request.Headers.Origin, request.Host.Value ?? "") || !AccessRules.IsOwnSite(request.Headers["Sec-Fetch-Site"]))
        {
            return ProblemMapping.WriteAsync(context, new Problem(ProblemCode.WrongOrigin,
                "Requests of web pages from other sites are refused", "Origin"));
        }

        var actor = AccessRules.Identify(peer, facts, policy());
        if (!actor.Ok)
        {
            return IsOpen(request) ? next(context) : ProblemMapping.WriteAsync(context, actor.Problems);
        }

        context.Features.Set(actor.Value);
        return next(context);
    }

    private static bool IsOpen(HttpRequest request) =>
        request.Path == AccessRules.OpenPath && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method));
}
