namespace Gflow.Daemon.Engine;

/// <summary>The engine met something it was not built for and stopped; nothing is done or stored any more. Jobs go on, and the next start takes them over.</summary>
internal sealed class EngineBrokenException(Exception inner)
    : Exception($"the engine broke and the daemon stops, jobs go on: {inner.Message}", inner);
