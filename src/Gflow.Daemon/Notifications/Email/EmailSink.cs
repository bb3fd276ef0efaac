using Gflow.Core.Notifications;
using Gflow.Daemon.Configuration;
using MimeKit;

namespace Gflow.Daemon.Notifications.Email;

/// <summary>Hands a mail for one recipient to a mail server.</summary>
internal sealed class EmailSink : INotificationSink
{
    private readonly EmailTransportOptions _transport;
    private readonly SmtpFailure _failure;
    private readonly SmtpPool _pool;

    public EmailSink(EmailTransportOptions transport, TimeProvider time, GuardedConnector connector)
    {
        _transport = transport;
        _failure = new SmtpFailure(transport);
        _pool = new SmtpPool(() => new SmtpConnection(transport, connector, time), time);
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

    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    private async Task<DeliveryOutcome> TryAsync(SmtpConnection connection, MimeMessage mail, MailboxAddress recipient, AttemptDeadline deadline)
    {
        try
        {
            return await connection.OpenAsync(deadline) ?? await connection.SendAsync(mail, recipient, deadline);
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
