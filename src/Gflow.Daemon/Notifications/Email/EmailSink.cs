using Gflow.Core.Contracts;
using Gflow.Core.Notifications;
using MimeKit;

namespace Gflow.Daemon.Notifications.Email;

/// <summary>Hands a mail for one recipient to a mail server.</summary>
internal sealed class EmailSink : INotificationSink
{
    private readonly EmailTransportOptions _transport;
    private readonly Func<SmtpConnection> _connect;
    private readonly SmtpFailure _failure;
    private readonly SmtpPool _pool;

    public EmailSink(EmailTransportOptions transport, TimeProvider time, GuardedConnector connector)
    {
        _transport = transport;
        _failure = new SmtpFailure(transport);
        _connect = () => new SmtpConnection(transport, connector, time);
        _pool = new SmtpPool(_connect, time);
    }

    public ReadOnlyMemory<byte> Render(OutgoingMessage message) => MailForm.Render(message, _transport);

    public async ValueTask<IDisposable?> ReserveAsync(CancellationToken abandon) => await _pool.ReserveAsync(abandon);

    public async Task<DeliveryOutcome> SendAsync(OutgoingMessage message, ReadOnlyMemory<byte> body, AttemptDeadline deadline)
    {
        var place = deadline.Place as SmtpPool.Place;
        if (RecipientText.Parse(message.Recipient) is not { } recipient)
        {
            place?.Dispose();
            return new DeliveryOutcome.MessageFault("the recipient is not a mailbox");
        }

        using var stream = new MemoryStream(body.ToArray(), writable: false);
        using var mail = MimeMessage.Load(stream, CancellationToken.None);
        place ??= await _pool.ReserveAsync(deadline.Token);
        var connection = _pool.Take();
        DeliveryOutcome? outcome = null;
        try
        {
            outcome = await TryAsync(connection, mail, recipient, deadline);
            if (connection.HadEnded(outcome))
            {
                outcome = null;
                connection = _pool.Replace(connection);
                outcome = await TryAsync(connection, mail, recipient, deadline);
            }

            return outcome;
        }
        finally
        {
            _pool.GiveBack(place, connection, outcome);
        }
    }

    public PreviewView Preview(OutgoingMessage message) => MailPreview.Of(message, _transport);

    /// <summary>Connects and logs in, and says goodbye.</summary>
    public async Task<ReachedTarget> ReachAsync(CancellationToken deadline)
    {
        AttemptDeadline attempt = deadline;
        using var connection = _connect();
        var problem = await WithinAsync(
            async () =>
            {
                var problem = await connection.OpenAsync(attempt);
                await connection.CloseAsync();
                return problem;
            },
            connection,
            attempt);
        return new(_transport.Smtp.User is null ? "its server greets" : "its server greets and takes the login", problem?.Reason);
    }

    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    private async Task<DeliveryOutcome> TryAsync(SmtpConnection connection, MimeMessage mail, MailboxAddress recipient, AttemptDeadline deadline) => (await WithinAsync(
        async () => await connection.OpenAsync(deadline) ?? await connection.SendAsync(mail, recipient, deadline), connection, deadline))!;

    private async Task<DeliveryOutcome?> WithinAsync(Func<Task<DeliveryOutcome?>> talk, SmtpConnection connection, AttemptDeadline deadline)
    {
        try
        {
            return await talk();
        }
        catch (Exception exception) when (exception is not OperationCanceledException && deadline.Token.IsCancellationRequested)
        {
            // Closing the socket is how the library ends a step in the middle, and it may surface as anything.
            throw new OperationCanceledException("The deadline passed.", exception, deadline.Token);
        }
        catch (Exception exception) when (_failure.Judge(exception, connection, deadline.Step) is { } outcome)
        {
            return outcome;
        }
    }
}
