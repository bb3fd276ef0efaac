namespace Gflow.Daemon.Notifications;

internal sealed partial class Lane
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "Delivered {What} to {Target}.")]
    private static partial void LogDelivered(ILogger log, DeliveryText what, string target);

    [LoggerMessage(Level = LogLevel.Information, Message = "Delivered {What} to {Target} at last, at attempt {Attempt}.")]
    private static partial void LogArrived(ILogger log, DeliveryText what, string target, int attempt);

    [LoggerMessage(Level = LogLevel.Information, Message = "Could not deliver {What} to {Target} at attempt {Attempt}, will try again at {Next:u}: {Reason}.")]
    private static partial void LogRetry(ILogger log, DeliveryText what, string target, int attempt, DateTimeOffset next, string? reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Could not deliver {What} to {Target}, which is at fault, and keeps it: {Reason}.")]
    private static partial void LogKept(ILogger log, DeliveryText what, string target, string? reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Gave up delivering {What} to {Target}: {Reason}.")]
    private static partial void LogDead(ILogger log, DeliveryText what, string target, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Stopped sending to {Target}: {Reason}. It is probed, and what waits for it is kept for a day.")]
    private static partial void LogStopped(ILogger log, string target, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Disabled {Target}, which says that it is gone for good: {Reason}. Give it another address and reload.")]
    private static partial void LogDisabled(ILogger log, string target, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Target} answers again; it had been stopped since {Since:u}.")]
    private static partial void LogServing(ILogger log, string target, DateTimeOffset since);

    [LoggerMessage(Level = LogLevel.Error, Message = "The deliveries to {Target} could not be read.")]
    private static partial void LogUnreadable(ILogger log, Exception exception, string target);
}
