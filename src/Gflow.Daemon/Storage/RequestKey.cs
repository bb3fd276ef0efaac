namespace Gflow.Daemon.Storage;

/// <summary>The name a caller gave a request, by which its repeats are known.</summary>
/// <param name="Uid">Whose name it is; other callers' equal ones have nothing to do with it.</param>
/// <param name="Text">1 to 255 printable ASCII characters.</param>
/// <param name="Fingerprint">SHA-256 of all that the request asks for.</param>
internal sealed record RequestKey(uint Uid, string Text, byte[] Fingerprint)
{
    /// <summary>For how long the first answer is kept.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);
}

/// <summary>What the first request of a name was answered.</summary>
internal sealed record FirstAnswer(RequestKey Key, Answer Answer);
