using System.Net;
using System.Net.Sockets;
using Gflow.Client.Platform;
using Gflow.Daemon.Http;

namespace Gflow.Tests.Http;

public sealed class SocketTableTests
{
    private const string Header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
    private static readonly IPEndPoint Peer4 = new(IPAddress.Loopback, 40000);
    private static readonly IPEndPoint Local4 = new(IPAddress.Loopback, 59000);

    [Fact]
    public void The_callers_own_established_row_names_him() => Assert.Equal(1000u, SocketTable.OwnerIn(
        [
            Header,
            "   0: 0100007F:E678 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11111 1 0000000000000000 100 0 0 10 0",
            "   1: 0100007F:E678 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     7        0 22222 1 0000000000000000 20 4 30 10 -1",
            "   2: 0100007F:9C40 0100007F:E678 01 00000000:00000000 00:00000000 00000000  1000        0 33333 1 0000000000000000 20 4 30 10 -1",
        ],
        Peer4,
        Local4));

    [Theory]
    [InlineData("06", "0")]
    [InlineData("05", "44444")]
    [InlineData("08", "44444")]
    [InlineData("01", "0")]
    public void A_row_that_is_not_established_or_has_no_inode_names_nobody(string state, string inode) => Assert.Null(SocketTable.OwnerIn(
        [Header, $"   2: 0100007F:9C40 0100007F:E678 {state} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1 0000000000000000"],
        Peer4,
        Local4));

    /// <summary>The kernel writes -1 without a sign.</summary>
    [Theory]
    [InlineData("65534")]
    [InlineData("65535")]
    [InlineData("4294967295")]
    public void Who_has_no_number_here_is_nobody(string uid)
    {
        var number = SocketTable.OwnerIn([Header, $"   2: 0100007F:9C40 0100007F:E678 01 00000000:00000000 00:00000000 00000000 {uid}        0 33333 1 0000000000000000"], Peer4, Local4);
        Assert.True(Nobody.IsUser(Assert.NotNull(number)));
        Assert.Null(Peer.Seen(number, 40000).Uid);
    }

    [Fact]
    public void Another_port_names_nobody() => Assert.Null(SocketTable.OwnerIn(
        [Header, "   2: 0100007F:9C41 0100007F:E678 01 00000000:00000000 00:00000000 00000000  1000        0 33333 1 0000000000000000"],
        Peer4,
        Local4));

    [Fact]
    public void IPv6_rows_are_four_words() => Assert.Equal(1001u, SocketTable.OwnerIn(
        ["   0: 00000000000000000000000001000000:9C40 00000000000000000000000001000000:E678 01 00000000:00000000 00:00000000 00000000  1001        0 5 1 0000000000000000"],
        new(IPAddress.IPv6Loopback, 40000),
        new(IPAddress.IPv6Loopback, 59000)));

    [Fact]
    public void A_dual_stack_socket_that_speaks_IPv4_is_found_among_IPv6() => Assert.Equal(1002u, SocketTable.OwnerIn(
        ["   0: 0000000000000000FFFF00000100007F:9C40 0000000000000000FFFF00000100007F:E678 01 00000000:00000000 00:00000000 00000000  1002        0 5 1 0000000000000000"],
        Peer4,
        Local4));

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("   2: 0100007F:9C40 0100007F:E678 01 00000000:00000000 00:00000000 00000000  -1 0 33333")]
    public void What_is_no_row_names_nobody(string line) => Assert.Null(SocketTable.OwnerIn([line], Peer4, Local4));

    [Fact]
    public async Task The_kernel_names_us_while_we_are_connected_and_nobody_afterwards()
    {
        var ct = TestContext.Current.CancellationToken;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, ct);
        using var accepted = await listener.AcceptSocketAsync(ct);
        var peer = (IPEndPoint)accepted.RemoteEndPoint!;
        var local = (IPEndPoint)accepted.LocalEndPoint!;
        Assert.Equal(Account.Own.Uid, SocketTable.OwnerOf(peer, local));

        client.Dispose();
        Assert.Equal(0, await accepted.ReceiveAsync(new byte[1], ct));
        Assert.Null(SocketTable.OwnerOf(peer, local));
    }
}
