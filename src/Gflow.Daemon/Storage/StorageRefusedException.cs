namespace Gflow.Daemon.Storage;

/// <summary>The store cannot be used as it is; the message says why and what to do.</summary>
internal sealed class StorageRefusedException(string message) : Exception(message);
