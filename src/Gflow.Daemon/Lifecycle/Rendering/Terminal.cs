namespace Gflow.Daemon.Lifecycle.Rendering;

/// <summary>Where a command writes: answers to <paramref name="Out"/>, everything else to <paramref name="Error"/>.</summary>
internal sealed record Terminal(TextWriter Out, TextWriter Error)
{
    public static Terminal OfProcess { get; } = new(Console.Out, Console.Error);
}
