using Gflow.Daemon.Notifications;

namespace Gflow.Tests.Notifications;

public sealed class MailboxRulesTests
{
    [Theory]
    [InlineData(998, true)]
    [InlineData(999, false)]
    public void A_mailbox_is_no_longer_than_a_line_of_a_header(int length, bool isOne)
    {
        const string Address = " <alice@lab.example>";
        Assert.Equal(isOne, MailboxRules.Parse(new string('A', length - Address.Length) + Address) is not null);
    }
}
