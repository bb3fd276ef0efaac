namespace Gflow.Daemon.Engine;

/// <summary>A message by which somebody tries a target.</summary>
/// <param name="EventUid">The id of its event; whoever asks looks for the outcome by it.</param>
/// <param name="Recipients">Mailboxes, each told apart; one null for a webhook.</param>
/// <param name="AskedBy">The user.</param>
internal sealed record TargetTest(string EventUid, string Target, IReadOnlyList<string?> Recipients, string AskedBy)
{
    /// <summary>How long it may wait to be sent, where its target is busy.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);
}
