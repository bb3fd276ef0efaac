using System.Net;
using Gflow.Daemon.Notifications.Email;

namespace Gflow.Tests.Notifications.Email;

public sealed class GreetingNameTests
{
    [Theory]
    [InlineData("gpu1.lab.example", "192.0.2.7", "gpu1.lab.example")]
    [InlineData("gpu1", "192.0.2.7", "[192.0.2.7]")]
    [InlineData("gpu_1.lab.example", "192.0.2.7", "[192.0.2.7]")]
    [InlineData("-a.example", "192.0.2.7", "[192.0.2.7]")]
    [InlineData("a..example", "192.0.2.7", "[192.0.2.7]")]
    [InlineData("gpu1.lab.example.", "192.0.2.7", "[192.0.2.7]")]
    [InlineData("10.0.0.5", "192.0.2.7", "[192.0.2.7]")]
    [InlineData("", "::ffff:192.0.2.7", "[192.0.2.7]")]
    [InlineData("gpu1", "2001:db8::7", "[IPv6:2001:db8::7]")]
    [InlineData("gpu1", "fe80::7%1", "[IPv6:fe80::7]")]
    public void A_full_name_of_this_machine_or_its_address_greets_the_server(string host, string local, string greeting) =>
        Assert.Equal(greeting, GreetingName.Of(host, IPAddress.Parse(local)));
}
