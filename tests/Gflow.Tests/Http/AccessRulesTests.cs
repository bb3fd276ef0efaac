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
        Assert.Equal(own.Owner with { By = IdentifiedBy.SocketTable }, AccessRules.Identify(People.Seen(People.Ana, Port), own, Policy).Value);
        Assert.Equal(own.Owner with { By = IdentifiedBy.PeerCredentials }, AccessRules.Identify(People.Seen(People.Ana, null), own, Policy).Value);
    }

    [Fact]
    public void Nobody_else_is_served_by_it_and_all_hear_whose_daemon_it_is()
    {
        foreach (var stranger in (Account[])[People.Root, People.Bob, People.Carla])
        {
            var refusal = Assert.Single(AccessRules.Identify(People.Seen(stranger, null), Facts(People.Ana, shared: false), Policy).Problems);
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
            Assert.Equal(new Actor(who.Uid, who.Name, administers, IdentifiedBy.PeerCredentials) { Home = who.Home }, AccessRules.Identify(People.Seen(who, null), facts, Policy).Value);
            Assert.Equal(
                new Actor(who.Uid, who.Name, false, IdentifiedBy.SocketTable) { AdministratorElsewhere = administers, Home = who.Home }, AccessRules.Identify(People.Seen(who, Port), facts, Policy).Value);
        }
    }

    [Fact]
    public void Members_of_an_administrators_group_are_administrators_by_the_kernels_word_alone()
    {
        var facts = Facts(People.Bob, shared: true);
        var policy = new AccessPolicy { AdminGroups = [2000] };
        Assert.True(AccessRules.Identify(People.Seen(People.Ana, null) with { Groups = [100, 2000] }, facts, policy).Value.Administrator);
        Assert.False(AccessRules.Identify(People.Seen(People.Ana, null) with { Groups = [100, 2001] }, facts, policy).Value.Administrator);
        Assert.False(AccessRules.Identify(People.Seen(People.Ana, null), facts, policy).Value.Administrator);
        Assert.False(AccessRules.Identify(People.Seen(People.Ana, Port) with { Groups = [2000] }, facts, policy).Value.Administrator);
        Assert.Equal("forbidden", Assert.Single(AccessRules.Identify(People.Seen(People.Ana, null) with { Groups = [2000] }, Facts(People.Bob, shared: false), policy).Problems).Code);
    }

    /// <summary>Foreign user namespaces: the kernel shows these numbers for whomever it cannot name.</summary>
    [Theory]
    [InlineData(65_534u, null, true)]
    [InlineData(65_535u, null, true)]
    [InlineData(uint.MaxValue, null, true)]
    [InlineData(99u, 99u, true)]
    [InlineData(99u, 65_534u, false)]
    [InlineData(0u, 65_534u, false)]
    [InlineData(65_533u, null, false)]
    public void Numbers_that_stand_for_nobody_are_nobody_whatever_the_password_file_says(uint number, uint? overflow, bool isNobody) => Assert.Equal(isNobody, Nobody.Is(number, overflow));

    [Theory]
    [InlineData(65_534u)]
    [InlineData(65_535u)]
    [InlineData(uint.MaxValue)]
    public void Such_a_caller_is_served_by_no_daemon_and_hears_why(uint number)
    {
        var itself = new Account(number, "nobody", "/", "/bin/sh");
        foreach (var facts in (DaemonFacts[])[Facts(People.Ana, shared: true), Facts(itself, shared: true), Facts(itself, shared: false)])
        {
            foreach (var port in (int?[])[null, Port])
            {
                var refusal = Assert.Single(AccessRules.Identify(Peer.Seen(number, port), facts, new AccessPolicy { Admins = ["nobody", "uid:65534"] }).Problems);
                Assert.Equal("unknown_caller", refusal.Code);
                Assert.Contains($"uid {number} stands for nobody", refusal.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Whose_name_is_not_known_in_time_is_nobodys_equal_and_does_nothing()
    {
        var late = new Peer(People.Ana.Uid, null) { Account = Account.Unnamed(People.Ana.Uid), IsUnnamed = true };
        var refusal = Assert.Single(AccessRules.Identify(late, Facts(People.Bob, shared: true), Policy).Problems);
        Assert.Equal(("no_name_yet", 503), (refusal.Code, refusal.Kind.Status));
        Assert.Equal("forbidden", Assert.Single(AccessRules.Identify(late, Facts(People.Bob, shared: false), Policy).Problems).Code);
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
        new("0.0.0", new Actor(owner.Uid, owner.Name, Administrator: true, IdentifiedBy.OwnProcess), new DataPaths("/data"), "/run/gflowd.sock", shared, null, new LogPlace(null, null));
}
