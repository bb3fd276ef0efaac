namespace Gflow.Launcher;

/// <summary>What a keeper of jobs was started with; each program that continues it gets the same again.</summary>
/// <param name="Socket">Absolute path of the socket; records, log and lock lie beside it.</param>
/// <param name="Parent">Absolute path of the socket of the launcher with root's rights; null for the jobs of one user, whose parent this process is.</param>
/// <param name="Verb">What this process is of it, with its argument; empty for the one that detaches it.</param>
internal sealed record KeeperLine(string Socket, string? Parent, IReadOnlyList<string> Verb)
{
    internal const string Usage = "usage: gflow-launcher /PATH/OF/SOCKET";

    /// <returns>Null when it is wrong.</returns>
    internal static KeeperLine? Parse(ReadOnlySpan<string> arguments) => arguments switch
    {
        [var socket, ..] when !socket.StartsWith('/') => null,
        [var socket, "--parent", var parent, .. var verb] when parent.StartsWith('/') => new(socket, parent, verb.ToArray()),
        [var socket, .. var verb] => new(socket, null, verb.ToArray()),
        _ => null,
    };

    /// <summary>The arguments of another process of this one.</summary>
    internal string[] For(params string[] verb) => [Socket, .. Parent is null ? [] : (string[])["--parent", Parent], .. verb];

    /// <summary>A file beside the socket.</summary>
    internal string Beside(string extension) => Path.ChangeExtension(Socket, extension);
}
