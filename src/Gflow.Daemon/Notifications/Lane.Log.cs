namespace Gflow.Daemon.Notifications;

internal sealed partial class Lane
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "Delivered {Event} to {Target} at attempt {Attempt}.")]
    private static partial void LogDelivered(ILogger log, string target, string @event, int attempt);

    [LoggerMessage(Level = LogLevel.Information, Message = "Could not deliver {Event} to {Target} at attempt {Attempt}, will try again: {Reason}.")]
    private static partial void LogRetry(ILogger log, string target, string @event, int attempt, string? reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Gave up delivering {Event} to {Target}: {Reason}.")]
    private static partial void LogDead(ILogger log, string target, string @event, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Stopped sending to {Target}: {Reason}. It is probed, and what waits for it is kept for a day.")]
    private static partial void LogStopped(ILogger log, string target, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Disabled {Target}, which says that it is gone for good: {Reason}. Give it another address and reload.")]
    private static partial void LogDisabled(ILogger log, string target, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Target} answers again; it had been stopped since {Since:u}.")]
    private static partial void LogServing(ILogger log, string target, DateTimeOffset since);

    [LoggerMessage(Level = LogLevel.Error, Message = "The deliveries to {Target} could not be read.")]
    private static partial void LogUnreadable(ILogger log, Exception exception, string target);
}
