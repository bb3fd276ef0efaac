using Gflow.Core;
using Gflow.Core.Contracts;

namespace Gflow.Daemon.Engine;

/// <summary>The name a caller gave a request, by which its repeats are known.</summary>
/// <param name="Uid">Whose name it is; other callers' equal ones have nothing to do with it.</param>
/// <param name="Text">1 to 255 printable ASCII characters.</param>
/// <param name="Fingerprint">SHA-256 of all that the request asks for.</param>
internal sealed record RequestKey(uint Uid, string Text, byte[] Fingerprint)
{
    /// <summary>For how long the first answer is kept.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <summary>Has it done once: repeats get the first answer and have no effect. A refusal had none either, so it is no first answer.</summary>
    public Turn<Answer> Once(Turn<Answer> turn) => batch =>
    {
        if (batch.AnsweredBefore(this) is { } first)
        {
            return first.Key.Fingerprint.AsSpan().SequenceEqual(Fingerprint) ? first.Answer : Reused();
        }

        var result = turn(batch);
        if (result.Ok)
        {
            batch.Answered(new FirstAnswer(this, result.Value));
        }

        return result;
    };

    private static Problem Reused() => new(
        "idempotency_key_reused",
        $"This key was given to another request within the last {Lifetime.TotalHours:0} hours, and nothing was done; give each request a key of its own, and only its repeats the same.",
        WireHeaders.IdempotencyKey);
}

/// <summary>What the first request of a name was answered.</summary>
internal sealed record FirstAnswer(RequestKey Key, Answer Answer);
