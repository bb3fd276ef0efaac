using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gflow.Core.Events;
using Gflow.Core.Notifications;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.Tests.TestKit;
using MimeKit;

namespace Gflow.Tests.Notifications.Email;

public sealed class EmailSinkTests : SinkExam
{
    public static TheoryData<string> Steps => ["CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."];

    private protected override OutgoingMessage Message { get; } = SamplePayloads.Message(SamplePayloads.FailedJob, "Ops <ops@example.com>");

    [Fact]
    public async Task The_mail_arrives_with_its_headers_and_text()
    {
        await using var receiver = Receiver();
        await using var sink = Sink(receiver.Port);

        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(sink));

        var mail = (await receiver.Mails.WaitForAsync(all => all.Count == 1, Patience))[0];
        Assert.Equal("gflow@example.com", mail.Sender);
        Assert.Equal(["ops@example.com"], mail.Recipients);
        var message = mail.Message;
        Assert.Equal("\"gflow\" <gflow@example.com>", message.From.ToString());
        Assert.Equal("\"Ops\" <ops@example.com>", message.To.ToString());
        Assert.Equal("[lab] Job failed: job #12 (train.sh)", message.Subject);
        Assert.Equal(SamplePayloads.Noon, message.Date);
        Assert.Matches(@"\Aevt_1\.[0-9a-f]{16}@localhost\z", message.MessageId);
        Assert.Equal("job-12.2026-03-01T094500Z@localhost", message.InReplyTo);
        Assert.Equal(["job-12.2026-03-01T094500Z@localhost"], message.References);
        Assert.Equal("auto-generated", message.Headers["Auto-Submitted"]);
        Assert.Equal("<jobs.localhost>", message.Headers["List-Id"]);
        var parts = Assert.IsType<MultipartAlternative>(message.Body);
        Assert.Equal(["text/plain utf-8", "text/html utf-8"], parts.Select(part => $"{part.ContentType.MimeType} {part.ContentType.Charset}"));
        Assert.Contains(">job #12 (train.sh)</h1>", message.HtmlBody);
        Assert.Equal(MailText.Body(MailContent.Of(SamplePayloads.FailedJob)), message.TextBody!.ReplaceLineEndings("\n"));
        Assert.Single(message.Headers, header => header.Id == HeaderId.MimeVersion);
    }

    [Fact]
    public async Task Names_outside_ASCII_and_dots_at_line_starts_arrive_as_they_are()
    {
        var payload = SamplePayloads.FailedJob with { Job = SamplePayloads.FailedJob.Job! with { Name = "Größe 数据\r\nBcc: evil@x.org" } };
        var online = SamplePayloads.OfMachine(EventType.SchedulerOnline) with { Text = ".\n..\nBcc: x" };
        await using var receiver = Receiver();
        await using var sink = Sink(receiver.Port);

        foreach (var message in new[] { SamplePayloads.Message(payload, "Jürgen <j@example.com>"), SamplePayloads.Message(online, "o@example.com") })
        {
            Assert.IsType<DeliveryOutcome.Delivered>(await sink.SendAsync(message, sink.Render(message), TestContext.Current.CancellationToken));
        }

        var mails = await receiver.Mails.WaitForAsync(all => all.Count == 2, Patience);
        Assert.Equal("[lab] Job failed: job #12 (Größe 数据  Bcc: evil@x.org)", mails[0].Message.Subject);
        Assert.Equal("Jürgen", mails[0].Message.To.Mailboxes.Single().Name);
        Assert.Empty(mails[0].Message.Bcc);
        Assert.All(mails, mail => Assert.All(mail.Raw, b => Assert.True(b < 128)));
        Assert.Equal(MailText.Body(MailContent.Of(payload)), mails[0].Message.TextBody!.ReplaceLineEndings("\n"));
        Assert.Equal(MailText.Body(MailContent.Of(online)), mails[1].Message.TextBody!.ReplaceLineEndings("\n"));
        Assert.Null(mails[1].Message.InReplyTo);
    }

    [Fact]
    public void A_name_that_looks_like_encoded_text_is_shown_as_it_is()
    {
        const string Name = "=?utf-8?B?QmNjOiBldmlsQHgub3Jn?= ünd =?us-ascii?Q?x?=, and some more to fill the line";
        var payload = SamplePayloads.FailedJob with { Job = SamplePayloads.FailedJob.Job! with { Name = Name } };
        var message = SamplePayloads.Message(payload, "ops@example.com");

        var mail = MimeMessage.Load(new MemoryStream(Sink(1).Render(message).ToArray()), TestContext.Current.CancellationToken);

        Assert.Equal($"[lab] Job failed: job #12 ({Name})", mail.Subject);
    }

    [Fact]
    public async Task Each_delivery_has_an_id_of_its_own_and_all_mails_of_a_job_one_root()
    {
        await using var sink = Sink(1);
        OutgoingMessage[] messages =
        [
            Message,
            Message with { Recipient = "other@example.com" },
            Message with { Target = "other" },
            SamplePayloads.Message(SamplePayloads.OfJob(EventType.JobStarted, 12, sequence: 2), "ops@example.com"),
        ];

        var mails = messages.Select(message => MimeMessage.Load(new MemoryStream(sink.Render(message).ToArray()))).ToList();

        Assert.Equal(4, mails.Select(mail => mail.MessageId).Distinct().Count());
        Assert.Single(mails.Select(mail => mail.InReplyTo).Distinct());
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_server_that_falls_silent_ends_with_the_deadline_at_every_step(string step)
    {
        await using var receiver = Receiver(line => line.StartsWith(step, StringComparison.Ordinal) ? SmtpReceiver.Mute : null);
        await using var sink = Sink(receiver.Port);
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => sink.SendAsync(Message, sink.Render(Message), deadline.Token).WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_server_that_falls_silent_after_the_mail_has_it_all_the_same()
    {
        await using var receiver = Receiver(line => line == "QUIT" ? SmtpReceiver.Mute : null);
        await using var sink = Sink(receiver.Port);

        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(sink));
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_connection_lost_at_any_step_is_tried_later(string step)
    {
        await using var receiver = Receiver(line => line.StartsWith(step, StringComparison.Ordinal) ? SmtpReceiver.HangUp : null);
        await using var sink = Sink(receiver.Port);

        Assert.IsType<DeliveryOutcome.TryLater>(await SendAsync(sink));
    }

    [Theory]
    [InlineData("CONNECT", "554 go away", "target_fault", 554)]
    [InlineData("CONNECT", "421 busy", "try_later", 421)]
    [InlineData("AUTH", "535 5.7.8 wrong", "target_fault", 535)]
    [InlineData("AUTH", "454 4.7.0 later", "try_later", 454)]
    [InlineData("MAIL", "550 5.7.1 not you", "target_fault", 550)]
    [InlineData("MAIL", "451 4.3.0 later", "try_later", 451)]
    [InlineData("MAIL", "530 5.7.0 log in", "target_fault", 530)]
    [InlineData("MAIL", "552 5.3.4 too big", "message_fault", 552)]
    [InlineData("RCPT", "550 5.1.1 nobody", "message_fault", 550)]
    [InlineData("RCPT", "550 5.1.8 not from there", "target_fault", 550)]
    [InlineData("RCPT", "553 5.7.1 <gflow@example.com>: not yours", "target_fault", 553)]
    [InlineData("RCPT", "550 5.7.1 <ops@example.com>: closed to <gflow@example.com>", "message_fault", 550)]
    [InlineData("RCPT", "450 4.2.0 greylisted", "try_later", 450)]
    [InlineData("RCPT", "552 5.2.2 full", "message_fault", 552)]
    [InlineData("DATA", "554 5.5.1 no", "message_fault", 554)]
    [InlineData(".", "554 5.7.1 spam", "message_fault", 554)]
    [InlineData(".", "554 5.2.252 SendAsDenied; gflow@example.com not allowed to send as somebody", "target_fault", 554)]
    [InlineData(".", "550 5.7.60 Client does not have permissions to send as this sender", "target_fault", 550)]
    [InlineData(".", "550 5.4.5 Daily user sending limit exceeded", "target_fault", 550)]
    [InlineData("DATA", "550 5.1.1 <ops@example.com> unknown", "message_fault", 550)]
    [InlineData(".", "452 4.3.1 full", "try_later", 452)]
    public async Task Each_refusal_has_its_verdict_with_the_servers_words(string step, string reply, string outcome, int code)
    {
        await using var receiver = Receiver(line => line.StartsWith(step, StringComparison.Ordinal) ? reply : null);
        await using var sink = Sink(receiver.Port);

        var judged = await SendAsync(sink);

        Assert.Equal((outcome, code), (judged.Name, judged.Code));
        Assert.Contains(reply[4..].Split(' ')[^1], judged.Reason);
    }

    [Fact]
    public async Task A_refused_login_gives_no_secret_away_even_when_the_server_does()
    {
        await using var receiver = new SmtpReceiver(new SmtpReceiverOptions { Login = ("other", "other") });
        await using var sink = Sink(receiver.Port);

        var outcome = await SendAsync(sink);

        Assert.Equal(("target_fault", 535), (outcome.Name, outcome.Code));
        Assert.DoesNotContain(Secret, outcome.Reason, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("no such login", outcome.Reason);
        Assert.Single(receiver.Commands.Snapshot(), line => line.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task STARTTLS_that_is_not_offered_is_refused_before_any_secret_is_said()
    {
        await using var receiver = Receiver();
        await using var sink = Sink(receiver.Port, SmtpTlsMode.StartTlsRequired);

        Assert.Equal("target_fault", (await SendAsync(sink)).Name);
        Assert.DoesNotContain(receiver.Commands.Snapshot(), line => line.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_certificate_nobody_vouches_for_is_refused(bool implicitTls)
    {
        using var authority = new PrivateAuthority();
        using var certificate = authority.Issue(1, "127.0.0.1");
        await using var receiver = new SmtpReceiver(new SmtpReceiverOptions { Certificate = certificate, ImplicitTls = implicitTls });
        await using var sink = Sink(receiver.Port, implicitTls ? SmtpTlsMode.Implicit : SmtpTlsMode.Opportunistic);

        var outcome = Assert.IsType<DeliveryOutcome.TargetFault>(await SendAsync(sink));

        Assert.Contains("name the authority's certificate in ca_file", outcome.Reason);
        Assert.Empty(receiver.Mails.Snapshot());
    }

    [Theory]
    [InlineData("127.0.0.1", 1, null)]
    [InlineData("mail.example.com", 1, "its certificate is for mail.example.com and not for the host of smtp_url")]
    [InlineData("127.0.0.1", -1, "out of date")]
    public async Task A_certificate_of_an_authority_of_ones_own_must_be_right_in_all_else(string name, int ends, string? refusal)
    {
        using var authority = new PrivateAuthority();
        using var stranger = new PrivateAuthority("Stranger");
        using var certificate = authority.Issue(ends, name);
        await using var receiver = new SmtpReceiver(new SmtpReceiverOptions { Certificate = certificate, Login = ("gflow", Secret) });
        await using var sink = Sink(receiver.Port, SmtpTlsMode.StartTlsRequired, stranger.Pem + "\n" + authority.Pem);

        var outcome = await SendAsync(sink);

        if (refusal is null)
        {
            Assert.IsType<DeliveryOutcome.Delivered>(outcome);
        }
        else
        {
            Assert.Contains(refusal, Assert.IsType<DeliveryOutcome.TargetFault>(outcome).Reason);
            Assert.Empty(receiver.Mails.Snapshot());
        }
    }

    [Fact]
    public async Task A_certificate_that_is_in_the_file_itself_is_trusted()
    {
        using var certificate = SelfSigned();
        await using var receiver = new SmtpReceiver(new SmtpReceiverOptions { Certificate = certificate, Login = ("gflow", Secret) });
        await using var sink = Sink(receiver.Port, SmtpTlsMode.StartTlsRequired, certificate.ExportCertificatePem());

        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(sink));
    }

    [Theory]
    [InlineData("ops@bücher.example", "ops@xn--bcher-kva.example")]
    [InlineData("Jürgen <ops@BÜCHER.example>", "ops@xn--bcher-kva.example")]
    public async Task A_domain_outside_ASCII_is_sent_in_the_form_that_every_server_knows(string recipient, string sent)
    {
        await using var receiver = Receiver();
        await using var sink = Sink(receiver.Port);
        var message = Message with { Recipient = recipient };

        Assert.IsType<DeliveryOutcome.Delivered>(await sink.SendAsync(message, sink.Render(message), TestContext.Current.CancellationToken));

        var mail = (await receiver.Mails.WaitForAsync(all => all.Count == 1, Patience))[0];
        Assert.Equal([sent], mail.Recipients);
        Assert.All(mail.Raw, b => Assert.True(b < 128));
    }

    [Fact]
    public async Task An_address_outside_ASCII_is_not_said_to_a_server_that_did_not_offer_to_take_it()
    {
        await using var receiver = Receiver();
        await using var sink = Sink(receiver.Port);
        var message = Message with { Recipient = "bücher@example.com" };

        var outcome = await sink.SendAsync(message, sink.Render(message), TestContext.Current.CancellationToken);

        Assert.Contains("SMTPUTF8", Assert.IsType<DeliveryOutcome.MessageFault>(outcome).Reason);
        Assert.DoesNotContain(receiver.Commands.Snapshot(), line => line.StartsWith("RCPT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_no_mailbox_is_a_fault_of_the_message()
    {
        await using var sink = Sink(1);

        Assert.Throws<FormatException>(() => sink.Render(Message with { Recipient = "not a mailbox <" }));
    }

    private protected override INotificationSink Sink(int port) => Sink(port, SmtpTlsMode.None);

    private protected override Task<IPeer> StartPeerAsync() => Task.FromResult<IPeer>(new Peer(Receiver()));

    private static SmtpReceiver Receiver(Func<string, string?>? reply = null) =>
        new(new SmtpReceiverOptions { Reply = reply ?? (_ => null), Login = ("gflow", Secret) });

    private static EmailSink Sink(int port, SmtpTlsMode tls, string? authorities = null) => new(
        new EmailTransportOptions
        {
            Name = "ops",
            Smtp = new SmtpEndpoint { Host = "127.0.0.1", Port = port, TlsMode = tls, User = "gflow", Password = Secret },
            From = MailboxAddress.Parse("gflow <gflow@example.com>"),
            SubjectPrefix = "[lab]",
            Authorities = Certificates(authorities ?? ""),
        },
        TimeProvider.System,
        Connections.Open);

    private Task<DeliveryOutcome> SendAsync(INotificationSink sink) =>
        sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken).WaitAsync(Patience);

    private static List<X509Certificate2> Certificates(string pem)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(pem);
        return [.. certificates];
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    private sealed class Peer(SmtpReceiver receiver) : IPeer
    {
        public int Port => receiver.Port;

        public IReadOnlyList<byte[]> Bodies() => [.. receiver.Mails.Snapshot().Select(mail => mail.Raw)];

        public async Task<IReadOnlyList<byte[]>> WaitForBodiesAsync(int count) =>
            [.. (await receiver.Mails.WaitForAsync(all => all.Count >= count, Patience)).Select(mail => mail.Raw)];

        public ValueTask DisposeAsync() => receiver.DisposeAsync();
    }
}
