using Gflow.Client.Platform;
using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Http;

/// <summary>Stands before every route: establishes who is calling and refuses those who may not.</summary>
/// <param name="facts">Whose daemon this is.</param>
/// <param name="policy">The rules that hold now.</param>
/// <param name="accounts">Says what users are called.</param>
/// <param name="configuredHost">The host name of the configuration, which requests may name beside localhost.</param>
internal sealed class Access(DaemonFacts facts, Func<AccessPolicy> policy, AccountDirectory accounts, string configuredHost)
{
    /// <summary>Longer than a name service takes that is well, and shorter than clients wait for their answer.</summary>
    private static readonly TimeSpan NamePatience = TimeSpan.FromSeconds(10);

    /// <summary>Who sent a request that has passed.</summary>
    public static Actor ActorOf(HttpContext context) => context.Features.Get<Actor>()
        ?? throw new InvalidOperationException("The request has not passed the access check.");

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var peer = await NamedAsync(context);
        if (Refusal(context.Request, peer) is { } refusal)
        {
            await ProblemMapping.WriteAsync(context, refusal);
            return;
        }

        var actor = AccessRules.Identify(peer, facts, policy());
        if (actor.Ok)
        {
            context.Features.Set(actor.Value);
        }
        else if (!IsOpen(context.Request))
        {
            await ProblemMapping.WriteAsync(context, actor.Problems);
            return;
        }

        await next(context);
    }

    /// <summary>Why a request is refused whoever sent it: it could be one of a web page.</summary>
    private Problem? Refusal(HttpRequest request, Peer? peer)
    {
        if (peer is not { OverTcp: false } && !AccessRules.IsOwnHost(request.Host.Host, configuredHost))
        {
            return new Problem(ProblemCode.WrongHost,
                "The Host header does not name this machine; use localhost, 127.0.0.1, [::1] or the configured daemon.host", "Host");
        }

        return !AccessRules.IsOwnOrigin(request.Headers.Origin, request.Host.Value ?? "") || !AccessRules.IsOwnSite(request.Headers["Sec-Fetch-Site"])
            ? new Problem(ProblemCode.WrongOrigin, "Requests of web pages from other sites are refused", "Origin")
            : null;
    }

    /// <summary>Who calls, with his name. He waits for it and nobody else, and whether the daemon lives is answered without it.</summary>
    private async ValueTask<Peer?> NamedAsync(HttpContext context)
    {
        var peer = context.Features.Get<Peer>();
        if (peer is not { Uid: { } uid, Account: null })
        {
            return peer;
        }

        var account = IsOpen(context.Request) ? accounts.Known(uid) ?? Account.Unnamed(uid) : await accounts.OfAsync(uid, NamePatience, context.RequestAborted);
        var named = peer with { Account = account ?? Account.Unnamed(uid), IsUnnamed = account is null };
        context.Features.Set(named);
        return named;
    }

    private static bool IsOpen(HttpRequest request) =>
        request.Path == AccessRules.OpenPath && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method));
}
