using Gflow.Core;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Gflow.Daemon.Http;

/// <summary>What a request may bring: JSON that says it is JSON, and no more of it than its route has use for.</summary>
/// <param name="limits">What holds now for submissions, which bring scripts and environments.</param>
internal sealed class BodyRules(Func<LimitOptions> limits)
{
    /// <summary>For everything else, in bytes.</summary>
    public const long UsualLimit = 1L << 20;

    // An answer that comes before the body has been read is lost to clients that are still sending; the server reads on this far, and throws it away.
    private const long DrainLimit = 256L << 20;

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        var size = context.Features.Get<IHttpMaxRequestBodySizeFeature>();
        var limit = LimitOf(request);
        if (request.ContentLength > limit)
        {
            size?.MaxRequestBodySize = DrainLimit;
            return ProblemMapping.WriteAsync(context, TooLarge(limit));
        }

        if (ClaimsBody(context) && !IsJson(request.ContentType))
        {
            return ProblemMapping.WriteAsync(context, new Problem(ProblemCode.NotJson, "The body must be JSON, with the header Content-Type: application/json", "Content-Type"));
        }

        size?.MaxRequestBodySize = limit;
        return next(context);
    }

    /// <summary>Its relatives, such as <c>application/problem+json</c>, are other formats.</summary>
    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase);

    /// <summary>A form of a web page says what it is even when it is empty, and no form may change anything.</summary>
    private static bool ClaimsBody(HttpContext context) => HasBody(context)
        || (context.Request.ContentType is not null && !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method));

    public static bool HasBody(HttpContext context) =>
        context.Request.ContentLength != 0 && context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };

    /// <param name="limit">In bytes.</param>
    public static Problem TooLarge(long limit) =>
        new(ProblemCode.BodyTooLarge, $"The body is larger than the {limit >> 20} MiB this route takes");

    private long LimitOf(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && (request.Path == "/jobs" || request.Path == "/jobs/batch") ? limits().BodyMb << 20 : UsualLimit;
}
