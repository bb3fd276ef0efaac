namespace Gflow.Daemon.Platform;

/// <summary>The daemon will not start like this; the message says why and what to do.</summary>
internal sealed class StartRefusedException(string message) : Exception(message);
