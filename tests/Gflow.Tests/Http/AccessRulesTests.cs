using Gflow.Daemon.Http;

namespace Gflow.Tests.Http;

public sealed class AccessRulesTests
{
    private static readonly Caller Owner = new(1000, "ana", Administrator: true);

    [Fact]
    public void The_owner_may() => Assert.Null(AccessRules.Refusal(new Peer(1000, OverTcp: true), Owner));

    [Theory]
    [InlineData(0u)]
    [InlineData(1001u)]
    public void Nobody_else_may_and_hears_whose_daemon_it_is(uint uid)
    {
        var refusal = AccessRules.Refusal(new Peer(uid, OverTcp: false), Owner);
        Assert.Equal("forbidden", refusal!.Code);
        Assert.Contains("ana (uid 1000)", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("gflowd start", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_cannot_be_told_is_nobody_even_to_root()
    {
        var root = new Caller(0, "root", Administrator: true);
        Assert.Equal("unknown_caller", AccessRules.Refusal(new Peer(null, OverTcp: true), root)!.Code);
        Assert.Equal("unknown_caller", AccessRules.Refusal(null, root)!.Code);
    }

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
}
