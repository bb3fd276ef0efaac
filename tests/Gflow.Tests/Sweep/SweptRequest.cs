using System.Text;
using System.Text.Json.Serialization.Metadata;
using Gflow.Core.Contracts;

namespace Gflow.Tests.Sweep;

/// <summary>A request of the sweep.</summary>
/// <param name="What">How a failure calls it.</param>
/// <param name="Field">What a refusal has to name; null when it may be about anything.</param>
/// <param name="Bytes">All of it, as it is sent.</param>
internal sealed record SweptRequest(string What, string? Field, byte[] Bytes)
{
    /// <summary>Whether the server may refuse it before any of this program has seen it, and without a word.</summary>
    public bool MayBeNoHttp { get; init; }

    /// <summary>Whether the caller says that nothing more will come, which ends the wait for what was announced.</summary>
    public bool IsCut { get; init; }

    private static readonly string[] HeaderNames =
        [WireHeaders.IdempotencyKey, "Last-Event-ID", "Content-Type", "Host", "Origin", "Sec-Fetch-Site", "Accept", "Accept-Encoding", "Expect", "Range", "If-None-Match", "Cookie"];

    private static readonly string[] Lies = ["-1", "0", "+1", "1.5", "x", "1, 2", "2147483648", "9223372036854775807", "9223372036854775808", "18446744073709551616", "5", "5000"];

    /// <summary>Everything that is tried on a route.</summary>
    /// <param name="path">Its path, with parts that name something.</param>
    public static IEnumerable<SweptRequest> Of(SweptRoute route, string path) =>
        [.. Plain(route, path), .. InPath(route), .. InQuery(route, path), .. InBody(route, path), .. route.Headers ? InHeaders(route, path) : []];

    /// <summary>As it is meant, which is what the odd ones differ from.</summary>
    public static SweptRequest Usual(SweptRoute route, string path, string field = "") =>
        new($"{route} as usual", null, Written(route, Target(route, path, ""), [], route.Body is null ? null : Body(route, field, null)));

    private static IEnumerable<SweptRequest> Plain(SweptRoute route, string path)
    {
        yield return Usual(route, path);
        yield return new($"HEAD {path}", null, Written(new("HEAD", path), path, [], null));
        foreach (var value in OddValues.Json)
        {
            yield return new($"{route} with the body {value.Name}", null, Written(route, Target(route, path, ""), [], value.Make()));
        }
    }

    private static IEnumerable<SweptRequest> InPath(SweptRoute route)
    {
        var part = route.Path.IndexOf('{', StringComparison.Ordinal);
        return part < 0 ? [] : OddValues.InUrls.Select(value =>
        {
            var path = $"{route.Path[..part]}{value.Make()}{route.Path[(route.Path.IndexOf('}', StringComparison.Ordinal) + 1)..]}";
            return new SweptRequest($"{route} with {value.Name}", null, Written(route, Target(route, path, ""), [], route.Body is null ? null : Body(route, "", null))) { MayBeNoHttp = true };
        });
    }

    private static IEnumerable<SweptRequest> InQuery(SweptRoute route, string path) =>
        from name in route.Queries
        from value in OddValues.InUrls.Append(new("twice", () => $"1&{name}=x"))
        select new SweptRequest($"{route}?{name}={value.Name}", name, Written(route, Target(route, path, name, value.Make()), [], route.Body is null ? null : Body(route, "", null))) { MayBeNoHttp = true };

    private static IEnumerable<SweptRequest> InBody(SweptRoute route, string path)
    {
        if (route.Body is not { } type)
        {
            return [];
        }

        var of = type.ElementType is { } element ? type.Options.GetTypeInfo(element) : type;
        return from place in BodyFields.Of(of, WireJson.Default.JobView.Properties.Select(property => property.Name))
               from value in place.IsName ? OddValues.Json.Where(value => value.Name is ['"', ..]) : place.IsOther ? OddValues.OfNobody : Huge(place) ? OddValues.Json.Append(OddValues.HugeText) : OddValues.Json
               select new SweptRequest($"{route}: {place.Path} = {value.Name}", value.Name == "null" ? null : place.Field, Written(route, Target(route, path, ""), [], Body(route, place.Field, place.With(value.Make()))));
    }

    private static bool Huge(BodyField place) => place.Path is "command" or "script_content";

    private static IEnumerable<SweptRequest> InHeaders(SweptRoute route, string path)
    {
        var body = route.Body is null ? null : Body(route, "", null);
        foreach (var name in HeaderNames)
        {
            foreach (var value in OddValues.InHeaders)
            {
                yield return new($"{route} with {name}: {value.Name}", null, Written(route, path, [$"{name}: {value.Make()}"], body)) { MayBeNoHttp = true };
            }
        }

        foreach (var lie in Lies.Select(length => $"Content-Length: {length}").Concat(["Transfer-Encoding: chunked", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked, chunked"]))
        {
            yield return new($"{route} with {lie}", null, Written(route, path, [lie], body)) { MayBeNoHttp = true, IsCut = true };
        }
    }

    /// <param name="value">What is in the place of the field; null for what is always there.</param>
    private static string Body(SweptRoute route, string field, string? value)
    {
        var others = route.Others(field);
        if (value is not null)
        {
            others[field] = value;
        }

        var whole = $"{{{string.Join(',', others.Select(other => $"\"{other.Key}\":{other.Value}"))}}}";
        return route.Body!.Kind == JsonTypeInfoKind.Enumerable ? $"[{whole}]" : whole;
    }

    private static string Target(SweptRoute route, string path, string name, string value = "")
    {
        string[] query = [.. route.Query.Split('&', StringSplitOptions.RemoveEmptyEntries).Where(pair => !pair.StartsWith(name + "=", StringComparison.Ordinal)), .. name.Length > 0 ? (string[])[$"{name}={value}"] : []];
        return query.Length > 0 ? $"{path}?{string.Join('&', query)}" : path;
    }

    private static byte[] Written(SweptRoute route, string target, IReadOnlyList<string> headers, string? body)
    {
        List<string> lines = [.. headers];
        foreach (var usual in (string[])["Host: localhost", "Connection: close", .. body is null ? (string[])[] : ["Content-Type: application/json", $"Content-Length: {body.Length}"]])
        {
            var name = usual[..(usual.IndexOf(':', StringComparison.Ordinal) + 1)];
            if (!headers.Any(header => header.StartsWith(name, StringComparison.OrdinalIgnoreCase) || (name == "Content-Length:" && header.StartsWith("Transfer-Encoding", StringComparison.Ordinal))))
            {
                lines.Add(usual);
            }
        }

        return Encoding.Latin1.GetBytes($"{route.Method} {target} HTTP/1.1\r\n{string.Join("\r\n", lines)}\r\n\r\n{body}");
    }
}
