using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Gflow.Tests.TestKit;

/// <summary>A log that keeps every line, with what came with it.</summary>
internal sealed class ListeningLog<T> : ILogger<T>
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");
}
