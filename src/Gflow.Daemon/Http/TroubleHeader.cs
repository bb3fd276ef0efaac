using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Daemon.Engine;

namespace Gflow.Daemon.Http;

/// <summary>While the daemon takes no new work, every answer to its owner says why in a header, so that each command can pass it on.</summary>
internal sealed class TroubleHeader(JobEngine engine)
{
    private const int Longest = 500;

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // What it says names paths and targets, and others may only ask whether the daemon is well.
        if (engine.Troubles is [var trouble, ..] && context.Features.Get<Actor>() is not null)
        {
            context.Response.Headers[WarningHeader.Name] = Line(trouble.Message);
        }

        return next(context);
    }

    /// <summary>A header is one line of ASCII; paths and names of targets need not be.</summary>
    private static string Line(string message) =>
        string.Concat(message.Take(Longest).Select(letter => letter is >= ' ' and <= '~' ? letter : '?'));
}
