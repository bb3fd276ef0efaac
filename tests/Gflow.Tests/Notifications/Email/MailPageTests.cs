using Gflow.Core.Notifications;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.Tests.TestKit;
using MimeKit;

namespace Gflow.Tests.Notifications.Email;

/// <summary>The HTML part of mails; browsers and mail readers try it in the end-to-end tests.</summary>
public sealed class MailPageTests
{
    private static readonly EmailTransportOptions Transport = new()
    {
        Name = "ops",
        Smtp = new SmtpEndpoint { Host = "127.0.0.1", Port = 25, TlsMode = SmtpTlsMode.None },
        From = MailboxAddress.Parse("gflow@example.com"),
    };

    [Fact]
    public void It_says_all_that_the_text_says()
    {
        var payload = SamplePayloads.FailedJob with { Job = SamplePayloads.FailedJob.Job! with { ExitCode = 127 } };
        var content = MailContent.Of(payload);

        var page = Page(SamplePayloads.Message(payload, "ops@example.com"));

        Assert.All(content.Origin.Concat(content.Facts), fact => Assert.Contains(fact.Value, page));
        Assert.All(content.Facts, fact => Assert.Contains($">{fact.Label}</th>", page));
        Assert.All(content.Sentences.Concat(content.Commands), line => Assert.Contains($">{line}<", page));
        Assert.Contains($"<strong>Cause:</strong> {content.Cause}", page);
        Assert.Contains("<title>Job failed: job #12 (train.sh)</title>", page);
    }

    [Fact]
    public void What_somebody_wrote_is_text_and_never_markup()
    {
        const string Evil = "<img src=x onerror=1>\"'&</title><script>\u202e\u001b[2J";
        var job = SamplePayloads.FailedJob.Job! with { Name = Evil, User = Evil, Project = Evil, Reason = Evil, Command = Evil, TimeLimit = Evil };

        var page = Page(SamplePayloads.Message(SamplePayloads.FailedJob with { Job = job }, "ops@example.com"));

        Assert.DoesNotContain("<img", page);
        Assert.DoesNotContain("<script", page);
        Assert.DoesNotContain(page, c => (char.IsControl(c) && c != '\n') || c == '\u202e');
        Assert.Contains("&lt;img src=x onerror=1&gt;", page);
    }

    [Fact]
    public void The_same_delivery_is_the_same_bytes_and_another_has_another_boundary()
    {
        var message = SamplePayloads.Message(SamplePayloads.FailedJob, "ops@example.com");

        Assert.Equal(MailForm.Render(message, Transport), MailForm.Render(message, Transport));
        Assert.NotEqual(Boundary(message), Boundary(message with { Recipient = "dana@example.com" }));
        Assert.NotEqual(Boundary(message), Boundary(message with { EventUid = "evt_2" }));
    }

    private static string Boundary(OutgoingMessage message) => Mail(message).Body!.ContentType.Boundary!;

    private static string Page(OutgoingMessage message) => Mail(message).HtmlBody!.ReplaceLineEndings("\n");

    private static MimeMessage Mail(OutgoingMessage message)
    {
        using var bytes = new MemoryStream(MailForm.Render(message, Transport));
        return MimeMessage.Load(bytes);
    }
}
