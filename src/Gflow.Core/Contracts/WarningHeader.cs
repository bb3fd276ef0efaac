namespace Gflow.Core.Contracts;

/// <summary>The header in which a daemon in trouble tells every client about it: one line of printable ASCII, a sentence for people.</summary>
public static class WarningHeader
{
    public const string Name = "gflow-warning";
}
