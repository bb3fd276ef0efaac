using Gflow.Core.Text;

namespace Gflow.Tests.Text;

public sealed class NearestTextTests
{
    [Theory]
    [InlineData("prot", "port")]
    [InlineData("PORT", "port")]
    [InlineData("job_faild", "job_failed")]
    [InlineData("hots", "host")]
    [InlineData("webhook", "webhooks")]
    [InlineData("xyzzy", null)]
    [InlineData("", null)]
    public void A_slip_is_recognised(string written, string? meant) =>
        Assert.Equal(meant, NearestText.Find(written, ["host", "port", "job_completed", "job_failed", "webhooks"]));
}
