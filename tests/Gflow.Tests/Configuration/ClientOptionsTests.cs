namespace Gflow.Tests.Configuration;

public sealed class ClientOptionsTests
{
    [Fact]
    public void Without_a_file_a_client_knows_the_defaults()
    {
        using var home = new ConfigHome();
        var options = home.LoadClient().Value;
        Assert.Equal(("localhost", 59000, home.Paths.Socket), (options.Host, options.Port, options.Socket));
        Assert.Equal(TimeZoneInfo.Local, options.Zone().Value);
        Assert.Equal("http://localhost:59000/", options.Address.AbsoluteUri);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("[daemon]\nsimulated_gpus = 2\n", true)]
    [InlineData("[daemon]\nsocket = \"/s\"\n", false)]
    [InlineData("[daemon]\nport = 1\n", false)]
    [InlineData("[daemon]\nuser = \"root\"\n", false)]
    [InlineData("[storage]\npath = \"/d\"\n", false)]
    public void Those_who_mean_no_certain_daemon_may_find_the_shared_one(string toml, bool mayFind)
    {
        using var home = new ConfigHome(toml);
        Assert.Equal(mayFind ? "/run/gflow/gflowd.sock" : null, home.LoadClient().Value.SharedSocket);
        Assert.Null(home.LoadClient(home.Paths.ConfigFile).Value.SharedSocket);
        Assert.Null(home.With("GFLOW_DAEMON__SOCKET", "/s").LoadClient().Value.SharedSocket);
    }

    [Theory]
    [InlineData("[daemon]\nport = 1\n", true, null)]
    [InlineData("[daemon]\nsocket = \"/s\"\nport = 1\n", false, "/s")]
    [InlineData("[storage]\npath = \"/d\"\n", false, "/d/gflowd.sock")]
    [InlineData("[storage]\npath = \"/d\"\n[daemon]\nsocket = \"/s\"\n", false, "/s")]
    public void A_configured_socket_or_data_directory_leaves_no_TCP(string toml, bool tcp, string? socket)
    {
        using var home = new ConfigHome(toml).With("GFLOW_DAEMON__USER", Environment.UserName);
        var options = home.LoadClient().Value;
        Assert.Equal((tcp, socket ?? home.Paths.Socket), (options.UsesTcp, options.Socket));
        Assert.Equal(options.Socket, home.Load().Options!.Daemon.Socket);
        Assert.Equal(options.DataDirectory, home.Load().Options!.Storage.Path);
    }

    [Fact]
    public void A_client_reads_where_the_daemon_is()
    {
        using var home = new ConfigHome("timezone = \"UTC\"\n[daemon]\nhost = \"::1\"\nport = 1\nsocket = \"/s\"\n").With("GFLOW_DAEMON__PORT", "2");
        var options = home.LoadClient().Value;
        Assert.Equal(("::1", 2, "/s"), (options.Host, options.Port, options.Socket));
        Assert.Equal("UTC", options.Zone().Value.Id);
        Assert.Equal("http://[::1]:2/", options.Address.AbsoluteUri);
    }

    [Theory]
    [InlineData("[[notifications.webhooks]]\nevents = [\"nonsense\"]\n")]
    [InlineData("[[notifications.emails]]\nsmtp_url = 5\n")]
    [InlineData("[notifications]\nenabled = perhaps\n")]
    [InlineData("[notifications]\nwebhooks = [\n{ url = \"x\n")]
    [InlineData("[notifications]\nx = \"\"\"\n")]
    [InlineData("[notifications\n")]
    [InlineData("[unknown]\nx = 1\n")]
    [InlineData("[quota]\ndefault_user = 5\n")]
    [InlineData("[executor]\ntype = \"docker\"\n")]
    public void Nothing_elsewhere_in_the_file_stops_a_client(string broken)
    {
        const string Daemon = "[daemon]\nport = 6001\ngpus = \"x\"\nunknown = 1\n";
        foreach (var toml in new[] { Daemon + broken, "timezone = \"UTC\"\n" + broken + Daemon })
        {
            using var home = new ConfigHome(toml);
            Assert.Null(home.Load().Options);
            Assert.Equal(6001, home.LoadClient().Value.Port);
        }
    }

    [Fact]
    public void No_other_variable_stops_a_client()
    {
        using var home = new ConfigHome();
        home.With("GFLOW_NOTIFICATIONS__WEBHOOKS", "[{").With("GFLOW_DAEMON__PROT", "1").With("GFLOW_DAEMON__GPUS", "x");
        Assert.True(home.LoadClient().Ok);
    }

    [Theory]
    [InlineData("[daemon]\nport = \"x\"\nhost = \"a b\"\nsocket = \"rel\"\n", 3)]
    [InlineData("[daemon]\nport = 6000O\n", 1)]
    [InlineData("daemon = 5\n", 1)]
    [InlineData("storage = 5\n", 1)]
    [InlineData("[storage]\npath = \"relative\"\n", 1)]
    public void What_a_client_needs_must_be_right(string toml, int problems)
    {
        using var home = new ConfigHome(toml);
        var read = home.LoadClient();
        Assert.False(read.Ok);
        Assert.Equal(problems, read.Problems.Count);
        Assert.All(read.Problems, problem => Assert.StartsWith(home.Paths.ConfigFile, problem.Message));
    }

    [Fact]
    public void A_wrong_time_zone_stops_only_those_who_ask_for_it()
    {
        using var home = new ConfigHome("timezone = \"Mars/Base\"\n");
        var options = home.LoadClient().Value;
        Assert.Contains("Mars/Base", Assert.Single(options.Zone().Problems).Message);
    }
}
