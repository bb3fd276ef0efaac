using Gflow.Core.Notifications;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Notifications.Email;
using Gflow.Daemon.Notifications.Webhook;

namespace Gflow.Daemon.Notifications;

/// <summary>How far a target could be reached.</summary>
/// <param name="Done">What was tried, when nothing stood in the way.</param>
/// <param name="Problem">What stood in the way; null for nothing.</param>
internal sealed record TriedTarget(string Name, string Done, string? Problem);

/// <summary>Reaches for every configured target by the roads that messages take, and sends nothing.</summary>
internal static class ConnectionCheck
{
    public static async Task<IReadOnlyList<TriedTarget>> RunAsync(DaemonOptions options, TimeProvider time, CancellationToken ct)
    {
        var connector = new GuardedConnector(new SystemNameResolver(), () => options.Daemon.Port);
        var (webhooks, emails) = (options.Notifications.Webhooks, options.Notifications.Emails);
        return await Task.WhenAll([.. webhooks.Select(webhook => TryAsync(webhook)), .. emails.Select(transport => TryAsync(transport))]);

        async Task<TriedTarget> TryAsync(TargetOptions target)
        {
            using var timeout = new CancellationTokenSource(target.Timeout, time);
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
            try
            {
                return target is EmailTransportOptions transport
                    ? new(target.Name, DoneBy(transport), await ProblemAsync(transport, connector, time, deadline.Token))
                    : new(target.Name, DoneBy((WebhookTargetOptions)target), await ProblemAsync((WebhookTargetOptions)target, connector, time, deadline.Token));
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                return new(target.Name, "", FormattableString.Invariant($"not done within {target.Timeout.TotalSeconds} s"));
            }
        }
    }

    private static string DoneBy(WebhookTargetOptions target) => target switch
    {
        { Proxy: not null } => "its proxy can be reached; what is behind it was not tried",
        { Url.Scheme: "https" } => "can be reached, and its certificate is trusted",
        _ => "can be reached",
    };

    private static string DoneBy(EmailTransportOptions transport) => transport.Smtp.User is null ? "its server greets" : "its server greets and takes the login";

    private static async Task<string?> ProblemAsync(WebhookTargetOptions target, GuardedConnector connector, TimeProvider time, CancellationToken deadline)
    {
        await using var sink = new WebhookSink(target, time, connector);
        return await sink.ConnectProblemAsync(deadline);
    }

    private static async Task<string?> ProblemAsync(EmailTransportOptions transport, GuardedConnector connector, TimeProvider time, CancellationToken deadline)
    {
        var connection = new SmtpConnection(transport, connector, time);
        AttemptDeadline attempt = deadline;
        try
        {
            var problem = await connection.OpenAsync(attempt);
            await connection.CloseAsync();
            return problem?.Reason;
        }
        catch (Exception exception) when (exception is not OperationCanceledException && deadline.IsCancellationRequested)
        {
            throw new OperationCanceledException("The deadline passed.", exception, deadline);
        }
        catch (Exception exception) when (new SmtpFailure(transport).Judge(exception, connection, attempt.Step) is DeliveryOutcome outcome)
        {
            return outcome.Reason;
        }
        finally
        {
            connection.Dispose();
        }
    }
}
