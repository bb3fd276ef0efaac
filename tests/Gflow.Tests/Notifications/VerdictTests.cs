using Gflow.Core.Notifications;

namespace Gflow.Tests.Notifications;

public sealed class VerdictTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 10, 0, 0, TimeSpan.Zero);

    /// <summary>The registry of HTTP status codes (RFC 9110 section 16.2), without the two that are unused.</summary>
    [Theory]
    [InlineData("delivered", 200, 201, 202, 203, 204, 205, 206, 207, 208, 226)]
    [InlineData("try_later", 100, 102, 103, 104, 408, 409, 421, 423, 424, 425, 429, 500, 502, 503, 504, 505, 506, 507, 508, 510, 511)]
    [InlineData("target_fault", 101, 300, 301, 302, 303, 304, 305, 307, 308, 401, 402, 403, 404, 407, 410, 426, 451)]
    [InlineData("message_fault", 400, 405, 406, 411, 412, 413, 414, 415, 416, 417, 422, 428, 431, 501)]
    public void Every_registered_status_has_its_verdict(string verdict, params int[] statuses) =>
        Assert.All(statuses, status => Assert.Equal(verdict, HttpVerdict.Judge(status).Name));

    [Fact]
    public void Every_status_of_HTTP_has_its_verdict()
    {
        int[] targetFaults = [101, 401, 402, 403, 404, 407, 410, 426, 451];
        int[] tryLater = [408, 409, 421, 423, 424, 425, 429];
        for (var status = 101; status <= 999; status++)
        {
            var expected = status switch
            {
                >= 200 and < 300 => "delivered",
                >= 300 and < 400 => "target_fault",
                _ when targetFaults.Contains(status) => "target_fault",
                _ when tryLater.Contains(status) => "try_later",
                >= 400 and < 500 or 501 => "message_fault",
                _ => "try_later",
            };
            var outcome = HttpVerdict.Judge(status);

            Assert.True(expected == outcome.Name, $"{status}: {outcome.Name}, not {expected}");
            Assert.Equal(status, outcome.Code);
        }
    }

    [Theory]
    [InlineData(400)]
    [InlineData(405)]
    [InlineData(406)]
    [InlineData(411)]
    [InlineData(413)]
    [InlineData(414)]
    [InlineData(415)]
    [InlineData(422)]
    [InlineData(431)]
    [InlineData(501)]
    public void What_is_wrong_with_the_message_is_not_tried_again(int status) =>
        Assert.IsType<DeliveryOutcome.MessageFault>(HttpVerdict.Judge(status, "no such field"));

    [Fact]
    public void Retry_after_is_kept_with_the_verdict() =>
        Assert.Equal(new DeliveryOutcome.TryLater("HTTP 503: busy", 503, Now.AddSeconds(7)), HttpVerdict.Judge(503, "busy", Now.AddSeconds(7)));

    [Theory]
    [InlineData("0", 0)]
    [InlineData(" 120 ", 120)]
    [InlineData("Sun, 01 Mar 2026 10:01:30 GMT", 90)]
    [InlineData("Sunday, 01-Mar-26 10:01:30 GMT", 90)]
    [InlineData("Sun Mar  1 10:01:30 2026", 90)]
    [InlineData("86400", 86400)]
    [InlineData("86401", 86400)]
    [InlineData("4294967295", 86400)]
    [InlineData("Mon, 02 Mar 2026 10:00:01 GMT", 86400)]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT", 86400)]
    public void Retry_after_is_read_as_seconds_and_as_a_date_up_to_a_day(string value, long seconds) =>
        Assert.Equal(Now.AddSeconds(seconds), HttpVerdict.RetryAfter(value, Now));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("-5")]
    [InlineData("99999999999999999999")]
    [InlineData("1.5")]
    [InlineData("5:00")]
    [InlineData("2026-03-01T10:01:30Z")]
    [InlineData("Sun, 01 Mar 2026 10:00:00 GMT")]
    [InlineData("Thu, 01 Jan 1970 00:00:00 GMT")]
    [InlineData("Mon, 01 Mar 2026 10:01:30 GMT")]
    public void What_is_no_retry_after_or_past_is_ignored(string? value) => Assert.Null(HttpVerdict.RetryAfter(value, Now));

    [Fact]
    public void Every_reply_of_SMTP_has_its_verdict_at_every_step()
    {
        int[] settings = [530, 534, 535, 538];
        foreach (var step in Enum.GetValues<SmtpStep>())
        {
            for (var reply = 200; reply <= 599; reply++)
            {
                var expected = reply switch
                {
                    < 300 => step == SmtpStep.Data ? "delivered" : "try_later",
                    < 500 => "try_later",
                    _ when settings.Contains(reply) => "target_fault",
                    552 when step == SmtpStep.Sender => "message_fault",
                    _ => step is SmtpStep.Recipient or SmtpStep.Data ? "message_fault" : "target_fault",
                };
                var outcome = SmtpVerdict.Judge(step, reply, "words");

                Assert.True(expected == outcome.Name, $"{reply} at {step}: {outcome.Name}, not {expected}");
                Assert.Equal(reply, outcome.Code);
            }
        }
    }

    [Theory]
    [InlineData("5.2.252 SendAsDenied; gflow@lab.example not allowed to send as other@lab.example", true)]
    [InlineData("5.7.60 SMTP; Client does not have permissions to send as this sender", true)]
    [InlineData("5.4.5 Daily user sending limit exceeded. For more information on Gmail", true)]
    [InlineData("5.7.1 <gflow@lab.example>: Sender address rejected: not owned by user x", true)]
    [InlineData("5.7.26 Unauthenticated email from lab.example is not accepted due to domain's DMARC policy", true)]
    [InlineData("5.1.90 Your message can't be sent because you've reached your daily limit for message recipients", true)]
    [InlineData("Daily message quota exceeded for this account", true)]
    [InlineData("Sender not authorized", true)]
    [InlineData("5.1.1 <ann@lab.example>: Recipient address rejected: User unknown", false)]
    [InlineData("5.2.2 The email account that you tried to reach is over quota", false)]
    [InlineData("5.2.1 mailbox disabled", false)]
    [InlineData("5.3.4 Message size exceeds fixed limit", false)]
    [InlineData("5.7.1 Message contains spam", false)]
    [InlineData("no <ann@lab.example> here, said to <gflow@lab.example>", false)]
    public void Words_tell_whether_a_sender_or_his_account_is_refused(string words, bool sender) =>
        Assert.Equal(sender, SmtpVerdict.IsAboutTheSender(words, "gflow@lab.example", "ann@lab.example"));
}
