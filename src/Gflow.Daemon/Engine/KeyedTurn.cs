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
        if (batch.AnsweredBefore(key) is { } first)
        {
            return first.Key.Fingerprint.AsSpan().SequenceEqual(key.Fingerprint) ? first.Answer : Reused();
        }

        var result = turn(batch, by);
        if (result.Ok)
        {
            batch.Answered(new FirstAnswer(key, result.Value));
        }

        return result;
    };

    private static Problem Reused() => new(
        ProblemCode.IdempotencyKeyReused,
        $"This key was given to another request within the last {RequestKey.Lifetime.TotalHours:0} hours, and nothing was done; give each request a key of its own, and only its repeats the same.",
        WireHeaders.IdempotencyKey);
}
