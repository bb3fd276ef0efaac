using Gflow.Client.Configuration;
using Gflow.Client.Platform;
using Gflow.Daemon.Lifecycle.Shared;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Lifecycle;

/// <summary>What can be told of shared daemons without root.</summary>
public sealed class SharedTests
{
    private static readonly string[] Clean =
    [
        "Name:\tgflowd", "Uid:\t999\t999\t999\t999", "Gid:\t995\t995\t995\t995", "Groups:\t995 29 ", "NoNewPrivs:\t1",
        "CapInh:\t0000000000000000", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "CapBnd:\t000001ffffffffff", "CapAmb:\t0000000000000000",
    ];

    [Fact]
    public void A_process_without_rights_has_none_left() => Assert.Null(Rights.Remaining(Clean));

    [Theory]
    [InlineData("Uid:\t999\t999\t0\t999")]
    [InlineData("Gid:\t0\t995\t995\t995")]
    [InlineData("Groups:\t0 995")]
    [InlineData("CapInh:\t0000000000000001")]
    [InlineData("CapPrm:\t0000000000000080")]
    [InlineData("CapEff:\t0000000000000080")]
    [InlineData("CapAmb:\t0000002000000000")]
    [InlineData("NoNewPrivs:\t0")]
    public void One_right_left_is_found(string line)
    {
        var name = line.Split('\t')[0];
        Assert.StartsWith(name, Rights.Remaining([.. Clean.Select(clean => clean.StartsWith(name, StringComparison.Ordinal) ? line : clean)]), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_gflowd_of_root_has_become_is_at_the_machines_places()
    {
        using var home = new TestHome();
        Assert.Equal(new DaemonHome(GflowPaths.Shared, IsShared: true), DaemonHome.Of(null, home.Environment, gaveUpRoot: true));
    }

    [Fact]
    public void A_daemon_of_ones_own_is_at_ones_own_places()
    {
        using var home = new TestHome();
        Assert.Equal(new DaemonHome(home.Paths, IsShared: false), DaemonHome.Of(null, home.Environment, gaveUpRoot: false));
    }

    [Fact]
    public void Accounts_are_found_by_name()
    {
        Assert.Equal((0u, 0u), (Account.Named("root")!.Uid, Account.Named("root")!.Gid));
        Assert.Null(Account.Named("gflow-nobody-has"));
    }
}
