using MimeKit;

namespace Gflow.Daemon.Notifications.Email;

/// <summary>One of <c>[[notifications.emails]]</c></summary>
internal sealed record EmailTransportOptions : TargetOptions
{
    public required SmtpEndpoint Smtp { get; init; }

    public required MailboxAddress From { get; init; }

    /// <summary>Who gets every message; empty for a transport of jobs' own recipients alone.</summary>
    public IReadOnlyList<MailboxAddress> To { get; init; } = [];

    /// <summary>Trimmed; null when not set or blank.</summary>
    public string? SubjectPrefix { get; init; }

    /// <summary>Whether jobs' own recipients are served by this transport before all others.</summary>
    public bool Default { get; init; }

    /// <summary>Whether user and password may cross a network without encryption.</summary>
    public bool AllowCleartextAuth { get; init; }

    public override string Kind => EmailTransportValidator.Kind;

    public override string Host => Smtp.Host;

    protected override string Identity => $"{Smtp.TlsMode} {Smtp.User} {Smtp.Host} {Smtp.Port} {From}";

    public override string FullAddress => Smtp.ToString();

    public override IReadOnlyList<string> Recipients => [.. To.Select(mailbox => mailbox.ToString())];

    public override bool ServesJobs => Default;

    public override string Sender => From.Address;

    public override INotificationSink Open(TimeProvider time, GuardedConnector connector) => new EmailSink(this, time, connector);
}
