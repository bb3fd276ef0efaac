namespace Gflow.Core.Arrays;

/// <summary>A part of a command: as it is written, or filled in.</summary>
internal abstract record ShellPiece
{
    internal sealed record Literal(string Text) : ShellPiece;

    /// <summary>A word that another shell reads as code.</summary>
    internal sealed record Code(ShellTemplate Template) : ShellPiece;
}
