using System.Globalization;
using Gflow.Core;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Http;

/// <summary>Maps routes to what gives their answers; what becomes of an answer, or of the problems in its stead, is seen to in one place.</summary>
internal static class Routes
{
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>A route that looks at something.</summary>
    public static void Read(this IEndpointRouteBuilder routes, string pattern, Func<HttpContext, Result<Answer>> answer) =>
        routes.MapMethods(pattern, Reading, context => ProblemMapping.WriteAsync(context, answer(context)));

    /// <inheritdoc cref="Read"/>
    public static void ReadAsync(this IEndpointRouteBuilder routes, string pattern, Func<HttpContext, Task<Result<Answer>>> answer) =>
        routes.MapMethods(pattern, Reading, async context => await ProblemMapping.WriteAsync(context, await answer(context)));

    /// <summary>A route that looks at something and writes its answer itself.</summary>
    public static void Stream(this IEndpointRouteBuilder routes, string pattern, Func<HttpContext, Task> write) =>
        routes.MapMethods(pattern, Reading, context => write(context));

    /// <summary>A route that changes something.</summary>
    public static void Change(this IEndpointRouteBuilder routes, HttpMethod method, string pattern, Func<HttpContext, Task<Result<Answer>>> answer) =>
        routes.MapMethods(pattern, [method.Method], async context => await ProblemMapping.WriteAsync(context, await answer(context)));

    /// <summary>A route that says what a change would come to, and changes nothing.</summary>
    public static void Try(this IEndpointRouteBuilder routes, string pattern, Func<HttpContext, Task<Result<Answer>>> answer) =>
        routes.MapPost(pattern, async context =>
        {
            AuditNote.Of(context)?.ChangesNothing = true;
            await ProblemMapping.WriteAsync(context, await answer(context));
        });

    /// <summary>The text that a path has in a place.</summary>
    public static string Part(this HttpContext context, string name) => context.Request.RouteValues[name] as string ?? "";

    /// <summary>The number in a path of what it names.</summary>
    /// <param name="what">Such as <c>job</c>.</param>
    /// <param name="most">The largest there can be.</param>
    public static Result<long> Id(this HttpContext context, string what, long most = long.MaxValue)
    {
        var text = context.Part("id");
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0 && id <= most
            ? id
            : new Problem(ProblemCode.BadId, $"'{text}' is no {what} id; ids are whole numbers from 1{(most < long.MaxValue ? $" to {most}" : "")}", "id");
    }
}
