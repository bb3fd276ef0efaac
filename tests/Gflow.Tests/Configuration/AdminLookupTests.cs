using Gflow.Daemon.Configuration;

namespace Gflow.Tests.Configuration;

public sealed class AdminLookupTests : IDisposable
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    private readonly ManualResetEventSlim _gate = new();

    [Fact]
    public async Task Groups_are_numbers_from_then_on_and_names_stay_names()
    {
        using var home = new ConfigHome("[access]\nadmins = [\"alice\", \"@gpuadmins\", \"bob@corp.example\", \"@domain users\"]\nshare_logs = true\n");
        var access = home.Load().Options!.Access;
        Assert.Equal(["alice", "bob@corp.example"], access.Policy.Admins);
        var found = await new AdminLookup(name => name == "gpuadmins" ? 2000u : 3000u, _ => true).RunAsync(access, AdminLookup.UsualPatience);
        Assert.Empty(found.Warnings);
        Assert.Equal([2000u, 3000u], found.Policy.AdminGroups);
        Assert.True(found.Policy.ShareLogs);
        Assert.Equal(access.Policy.Admins, found.Policy.Admins);
    }

    [Fact]
    public async Task A_group_that_is_not_found_in_time_has_no_administrators_and_that_is_said()
    {
        using var home = new ConfigHome("[access]\nadmins = [\"@slow\", \"@quick\", \"alice\"]\n");
        var lookup = new AdminLookup(name => name == "slow" ? Wait() : 2000, _ => Wait() > 0);
        var found = await lookup.RunAsync(home.Load().Options!.Access, Short);
        Assert.Equal([2000u], found.Policy.AdminGroups);
        Assert.Equal(["access.admins[0]", "access.admins[2]"], found.Warnings.Select(warning => warning.Key));
        Assert.Contains("does not say which group this is", found.Warnings[0].Message, StringComparison.Ordinal);
        Assert.Contains("does not say whether there is this user", found.Warnings[1].Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _gate.Set();
        _gate.Dispose();
    }

    private uint Wait()
    {
        _gate.Wait(CancellationToken.None);
        return 1;
    }
}
