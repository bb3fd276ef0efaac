using System.Security.Cryptography;
using System.Text;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Http;

/// <summary>Requests that change something. One with the header <c>Idempotency-Key</c> is done once, however often it comes.</summary>
internal static class Mutation
{
    private const int LongestKey = 255;

    /// <summary>Has a request done that only the writer can refuse.</summary>
    public static Task<Result<Answer>> AskAsync<T>(HttpContext context, JobEngine engine, Turn<T> turn, Func<EngineBatch, T, Answer> render) =>
        AskAsync(context, engine, Result<Turn<T>>.From(turn), render);

    /// <summary>Has a request done. Its answer is on disk, with its effect, before anybody hears of it.</summary>
    /// <param name="prepared">What to do, or why it is refused.</param>
    /// <param name="render">The answer to a request that was done, as the batch stands then.</param>
    /// <param name="work">How many jobs it concerns, about.</param>
    public static async Task<Result<Answer>> AskAsync<T>(
        HttpContext context, JobEngine engine, Result<Turn<T>> prepared, Func<EngineBatch, T, Answer> render, int work = 1)
    {
        var named = await KeyAsync(context);
        if (!named.Ok)
        {
            return named.Problems.ToList();
        }

        if (named.Value is not { } key)
        {
            return prepared.Ok ? await DoAsync(context, engine, Recorded(context, Rendered(prepared.Value, render), answer => answer), work) : prepared.Problems.ToList();
        }

        // What is refused now may be the repeat of what was done when it was not, so that is for the writer to say.
        var turn = prepared.Ok ? Recorded(context, Rendered(prepared.Value, render), answer => answer) : (_, _) => prepared.Problems.ToList();
        return await DoAsync(context, engine, key.Once(turn), work);
    }

    /// <summary>
    /// Has something done that is not the writer's to do and cannot be taken back. A repeat finds the answer, which is on disk before
    /// anybody hears of it; only where it cannot be written, or the daemon dies between the two, is it done twice.
    /// </summary>
    /// <param name="allowed">What it is done with, or why it is refused.</param>
    public static async Task<Result<Answer>> AskAfterAsync<T>(
        HttpContext context, JobEngine engine, Turn<T> allowed, Func<T, Task> act, Func<T, Answer> render)
    {
        var named = await KeyAsync(context);
        if (!named.Ok)
        {
            return named.Problems.ToList();
        }

        var by = Access.ActorOf(context);
        var key = named.Value;
        var first = key is null ? Result<Answer?>.From(null) : await engine.AskAsync(key.First(), by, context.RequestAborted);
        if (!first.Ok || first.Value is not null)
        {
            return first.Map(answer => answer!);
        }

        // Its record is on disk before it is done: afterwards would be too late for a daemon that dies in between.
        var with = await DoAsync(context, engine, Recorded(context, allowed.With(render), done => done.Answer));
        if (!with.Ok)
        {
            return with.Problems.ToList();
        }

        await act(with.Value.Done);
        var answer = with.Value.Answer;
        return key is not null && await engine.AskAsync(key.Once((_, _) => answer), by, context.RequestAborted) is { Ok: true } noted ? noted : answer;
    }

    private static Turn<(T Done, Answer Answer)> With<T>(this Turn<T> turn, Func<T, Answer> render) => (batch, by) => turn(batch, by).Map(done => (done, render(done)));

    /// <summary>What is done has its record in the same transaction.</summary>
    private static Turn<T> Recorded<T>(HttpContext context, Turn<T> turn, Func<T, Answer> answer)
    {
        // Read now: on the writer's turn the caller may have gone, and the request with him.
        var note = AuditNote.Of(context);
        var asked = AuditNote.Asked(context);
        return (batch, by) => turn(batch, by).Map(done =>
        {
            note?.Record(batch, asked, answer(done).Status);
            return done;
        });
    }

    private static async Task<Result<T>> DoAsync<T>(HttpContext context, JobEngine engine, Turn<T> turn, int work = 1)
    {
        var result = await engine.AskAsync(turn, Access.ActorOf(context), context.RequestAborted, work);
        if (!result.Ok)
        {
            AuditNote.Of(context)?.Unrecord();
        }

        return result;
    }

    private static Turn<Answer> Rendered<T>(Turn<T> turn, Func<EngineBatch, T, Answer> render) => (batch, by) => turn(batch, by).Map(done => render(batch, done));

    /// <returns>Null when the request has no key.</returns>
    private static async Task<Result<RequestKey?>> KeyAsync(HttpContext context)
    {
        var request = context.Request;
        if (!request.Headers.TryGetValue(WireHeaders.IdempotencyKey, out var values))
        {
            return Result<RequestKey?>.From(null);
        }

        var text = values.Count == 1 ? values[0] : null;
        if (text is not { Length: >= 1 and <= LongestKey } || text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return new Problem(ProblemCode.BadIdempotencyKey, $"{WireHeaders.IdempotencyKey} must be given once, with 1 to {LongestKey} printable ASCII characters", WireHeaders.IdempotencyKey);
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.Method} {request.Path}{request.QueryString}\n"));
        hash.AppendData(await RequestBody.BytesAsync(context));
        return new RequestKey(Access.ActorOf(context).Uid, text, hash.GetHashAndReset());
    }
}
