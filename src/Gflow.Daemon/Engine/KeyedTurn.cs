using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Engine;

/// <summary>Requests that bear a key.</summary>
internal static class KeyedTurn
{
    /// <summary>Has it done once: repeats get the first answer and have no effect. A refusal had none either, so it is no first answer.</summary>
    public static Turn<Answer> Once(this RequestKey key, Turn<Answer> turn) => (batch, by) =>
    {
        var first = key.First()(batch, by);
        if (!first.Ok || first.Value is not null)
        {
            return first.Map(answer => answer!);
        }

        var result = turn(batch, by);
        if (result.Ok)
        {
            batch.Answered(new FirstAnswer(key, result.Value));
        }

        return result;
    };

    /// <summary>The answer that the request with this key was given; null when none was.</summary>
    public static Turn<Answer?> First(this RequestKey key) => (batch, _) =>
        batch.AnsweredBefore(key) is not { } first ? Result<Answer?>.From(null)
        : first.Key.Fingerprint.AsSpan().SequenceEqual(key.Fingerprint) ? first.Answer
        : Reused();

    private static Problem Reused() => new(
        ProblemCode.IdempotencyKeyReused,
        $"This key was given to another request within the last {RequestKey.Lifetime.TotalHours:0} hours, and nothing was done; give each request a key of its own, and only its repeats the same.",
        WireHeaders.IdempotencyKey);
}
