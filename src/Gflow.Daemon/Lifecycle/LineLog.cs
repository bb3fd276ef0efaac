using System.Globalization;
using System.Text;
using Gflow.Core.Text;

namespace Gflow.Daemon.Lifecycle;

/// <summary>Log entries as lines: instant, level, who, what; an exception follows on lines of its own.</summary>
/// <param name="write">Takes whole lines with their line break; called from any thread, one at a time.</param>
internal sealed class LineLog(Action<string> write, TimeProvider time) : ILoggerProvider
{
    private readonly Lock _gate = new();

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    public void Dispose()
    {
    }

    /// <summary>The loggers of a daemon: its own from <paramref name="least"/> on, the web server's from warnings on unless everything is wanted.</summary>
    public static ILoggerFactory Factory(Action<string> write, TimeProvider time, LogLevel least) => LoggerFactory.Create(logs => logs
        .AddProvider(new LineLog(write, time))
        .SetMinimumLevel(least)
        .AddFilter("Microsoft", least is > LogLevel.Trace and < LogLevel.Warning ? LogLevel.Warning : least));

    private void Write(LogLevel level, string category, string message, Exception? exception)
    {
        // Names and paths of requests are in there; a line break in one must not look like an entry of its own.
        var line = new StringBuilder(128)
            .Append(time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture))
            .Append(' ').Append(Word(level)).Append(' ').Append(category).Append(": ").Append(SafeText.Line(message)).Append('\n');
        if (exception is not null)
        {
            line.Append("    ").Append(SafeText.Lines(exception.ToString()).Replace("\n", "\n    ", StringComparison.Ordinal)).Append('\n');
        }

        lock (_gate)
        {
            write(line.ToString());
        }
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info ",
        LogLevel.Warning => "warn ",
        _ => "error",
    };

    private sealed class Category(LineLog log, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Write(logLevel, name, formatter(state, exception), exception);
    }
}
