using Gflow.Client.Platform;
using Gflow.Core.Access;
using Gflow.Daemon.Http;
using Gflow.Daemon.Platform;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Http;

public sealed class AccessRulesTests
{
    private const int Port = 40_000;

    private static readonly AccessPolicy Policy = new() { Admins = ["carla"] };

    [Fact]
    public void The_owner_administers_his_own_daemon_over_both_ways()
    {
        var own = Facts(People.Ana, shared: false);
        Assert.Equal(own.Owner with { By = IdentifiedBy.SocketTable }, AccessRules.Identify(new Peer(People.Ana, Port), own, Policy).Value);
        Assert.Equal(own.Owner with { By = IdentifiedBy.PeerCredentials }, AccessRules.Identify(new Peer(People.Ana, null), own, Policy).Value);
    }

    [Fact]
    public void Nobody_else_is_served_by_it_and_all_hear_whose_daemon_it_is()
    {
        foreach (var stranger in (Account[])[People.Root, People.Bob, People.Carla])
        {
            var refusal = Assert.Single(AccessRules.Identify(new Peer(stranger, null), Facts(People.Ana, shared: false), Policy).Problems);
            Assert.Equal("forbidden", refusal.Code);
            Assert.Contains("ana (uid 4000001)", refusal.Message, StringComparison.Ordinal);
            Assert.Contains("gflowd start", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Who_cannot_be_told_is_nobody_even_to_root()
    {
        foreach (var shared in (bool[])[false, true])
        {
            var facts = Facts(People.Root, shared);
            Assert.Equal("unknown_caller", Assert.Single(AccessRules.Identify(new Peer(null, Port), facts, Policy).Problems).Code);
            Assert.Equal("unknown_caller", Assert.Single(AccessRules.Identify(new Peer(null, null), facts, Policy).Problems).Code);
            Assert.Equal("unknown_caller", Assert.Single(AccessRules.Identify(null, facts, Policy).Problems).Code);
        }
    }

    [Fact]
    public void A_daemon_for_all_serves_all_and_has_administrators_on_its_socket_alone()
    {
        var facts = Facts(People.Bob, shared: true);
        foreach (var (who, administers) in (ReadOnlySpan<(Account, bool)>)[(People.Ana, false), (People.Bob, true), (People.Carla, true), (People.Root, true)])
        {
            Assert.Equal(new Actor(who.Uid, who.Name, administers, IdentifiedBy.PeerCredentials), AccessRules.Identify(new Peer(who, null), facts, Policy).Value);
            Assert.Equal(
                new Actor(who.Uid, who.Name, false, IdentifiedBy.SocketTable) { AdministratorElsewhere = administers }, AccessRules.Identify(new Peer(who, Port), facts, Policy).Value);
        }
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("none", true)]
    [InlineData("same-origin", true)]
    [InlineData("same-site", false)]
    [InlineData("cross-site", false)]
    [InlineData("same-origin,cross-site", false)]
    public void Pages_of_other_sites_are_refused_whatever_their_origin(string? site, bool right) => Assert.Equal(right, AccessRules.IsOwnSite(site));

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST", true)]
    [InlineData("localhost.", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.9.9.9", true)]
    [InlineData("[::1]", true)]
    [InlineData("gpubox", true)]
    [InlineData("", false)]
    [InlineData("evil.example", false)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("0.0.0.0", false)]
    public void Only_names_of_this_machine_are_hosts(string host, bool right) => Assert.Equal(right, AccessRules.IsOwnHost(host, "gpubox"));

    [Theory]
    [InlineData(null, true)]
    [InlineData("", true)]
    [InlineData("http://localhost:59000", true)]
    [InlineData("HTTP://LOCALHOST:59000", true)]
    [InlineData("https://localhost:59000", false)]
    [InlineData("http://localhost:59001", false)]
    [InlineData("http://localhost", false)]
    [InlineData("http://evil.example", false)]
    [InlineData("null", false)]
    public void Only_our_own_pages_are_origins(string? origin, bool right) => Assert.Equal(right, AccessRules.IsOwnOrigin(origin, "localhost:59000"));

    private static DaemonFacts Facts(Account owner, bool shared) =>
        new("0.0.0", new Actor(owner.Uid, owner.Name, Administrator: true, IdentifiedBy.OwnProcess), new DataPaths("/data"), "/run/gflowd.sock", shared);
}
