using System.Net;
using Gflow.Core.Notifications;

namespace Gflow.Tests.Notifications;

public sealed class AddressRulesTests
{
    private const int OwnPort = 59000;

    private const string LinkLocal = "link-local", Metadata = "a cloud's metadata service", Multicast = "multicast", Unspecified = "unspecified", Reserved = "reserved", Broadcast = "the broadcast address";

    [Theory]

    // Where targets may be: anywhere in the world, in the lab, on this machine.
    [InlineData("93.184.216.34", null)]
    [InlineData("1.1.1.1", null)]
    [InlineData("10.0.0.1", null)]
    [InlineData("10.255.255.255", null)]
    [InlineData("172.16.0.1", null)]
    [InlineData("172.31.255.254", null)]
    [InlineData("192.168.1.1", null)]
    [InlineData("100.64.0.1", null)]
    [InlineData("127.0.0.1", null)]
    [InlineData("127.8.9.10", null)]
    [InlineData("192.0.0.8", null)]
    [InlineData("198.18.0.1", null)]
    [InlineData("223.255.255.255", null)]
    [InlineData("::1", null)]
    [InlineData("fd12:3456:789a::1", null)]
    [InlineData("2606:4700::1111", null)]
    [InlineData("2001:db8::1", null)]
    [InlineData("::ffff:127.0.0.1", null)]
    [InlineData("::ffff:93.184.216.34", null)]
    [InlineData("64:ff9b::93.184.216.34", null)]
    [InlineData("64:ff9b:1::10.0.0.1", null)]
    [InlineData("64:ff9b:1:a00:0:100::", null)]
    [InlineData("2002:5db8:d822::1", null)]
    [InlineData("2001:0:4136:e378:8000:63bf:3fff:fdd2", null)]
    [InlineData("fe00::1", null)]
    [InlineData("fec0::1", null)]

    // Link-local.
    [InlineData("169.254.0.1", LinkLocal)]
    [InlineData("169.254.170.2", LinkLocal)]
    [InlineData("169.254.255.255", LinkLocal)]
    [InlineData("fe80::1", LinkLocal)]
    [InlineData("fe80::1%1", LinkLocal)]
    [InlineData("fe80::a9fe:a9fe%7", LinkLocal)]
    [InlineData("febf:ffff::1", LinkLocal)]

    // Metadata services.
    [InlineData("169.254.169.254", Metadata)]
    [InlineData("100.100.100.200", Metadata)]
    [InlineData("168.63.129.16", Metadata)]
    [InlineData("192.0.0.192", Metadata)]
    [InlineData("fd00:ec2::254", Metadata)]
    [InlineData("fd00:ec2:0:0:0:0:0:254", Metadata)]
    [InlineData("fd20:ce::254", Metadata)]

    // No single machine.
    [InlineData("0.0.0.0", Unspecified)]
    [InlineData("0.1.2.3", Unspecified)]
    [InlineData("::", Unspecified)]
    [InlineData("224.0.0.1", Multicast)]
    [InlineData("239.255.255.250", Multicast)]
    [InlineData("ff02::1", Multicast)]
    [InlineData("ff0e::1", Multicast)]
    [InlineData("255.255.255.255", Broadcast)]
    [InlineData("240.0.0.1", Reserved)]
    [InlineData("255.255.255.254", Reserved)]

    // IPv4 in the clothes of IPv6: compatible, mapped, translated, NAT64, 6to4, Teredo (server and client), ISATAP.
    [InlineData("::169.254.169.254", Metadata)]
    [InlineData("::ffff:169.254.169.254", Metadata)]
    [InlineData("::ffff:a9fe:a9fe", Metadata)]
    [InlineData("::ffff:100.100.100.200", Metadata)]
    [InlineData("::ffff:0.0.0.0", Unspecified)]
    [InlineData("::ffff:224.0.0.1", Multicast)]
    [InlineData("::ffff:0:169.254.169.254", Metadata)]
    [InlineData("64:ff9b::169.254.169.254", Metadata)]
    [InlineData("64:ff9b::a9fe:1", LinkLocal)]
    [InlineData("64:ff9b::0.0.0.0", Unspecified)]
    [InlineData("64:ff9b:1::169.254.169.254", Metadata)]
    [InlineData("64:ff9b:1:a9fe:a9:fe00::", Metadata)]
    [InlineData("2002:a9fe:a9fe::1", Metadata)]
    [InlineData("2002:a9fe:1::", LinkLocal)]
    [InlineData("2002:e000:1::", Multicast)]
    [InlineData("2001:0:a9fe:a9fe::1", Metadata)]
    [InlineData("2001:0:4136:e378:8000:63bf:5601:5601", Metadata)]
    [InlineData("2001:db8::5efe:169.254.169.254", Metadata)]
    [InlineData("2001:db8::200:5efe:169.254.169.254", Metadata)]
    public void Every_address_is_judged_by_what_it_stands_for(string address, string? problem) =>
        Assert.Equal(problem, AddressRules.Problem(IPAddress.Parse(address), 443, OwnPort));

    [Theory]
    [InlineData("127.0.0.1", OwnPort, true)]
    [InlineData("127.1.2.3", OwnPort, true)]
    [InlineData("::1", OwnPort, true)]
    [InlineData("::ffff:127.0.0.1", OwnPort, true)]
    [InlineData("127.0.0.1", OwnPort + 1, false)]
    [InlineData("10.0.0.1", OwnPort, false)]
    public void The_daemon_does_not_call_itself(string address, int port, bool refused) =>
        Assert.Equal(refused ? "the API of gflow itself" : null, AddressRules.Problem(IPAddress.Parse(address), port, OwnPort));

    [Fact]
    public void Without_an_api_of_its_own_no_port_is_its_own() =>
        Assert.Null(AddressRules.Problem(IPAddress.Loopback, OwnPort, null));
}
