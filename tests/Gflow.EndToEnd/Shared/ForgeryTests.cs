using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Shared;

/// <summary>What somebody could try who has taken over the serving process, or sits beside it.</summary>
public sealed class ForgeryTests(Installation installed, People people) : IClassFixture<People>
{
    private static readonly string Forge = Path.Combine(Installation.Root(), "tests", "Gflow.EndToEnd", "Shared", "forge.py");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_launcher_hears_nobody_but_the_serving_user()
    {
        await using var machine = await SharedMachine.StartAsync(installed, people);
        Assert.Contains("refused", (await ForgeAsync(machine, "root", "hello")).Out, StringComparison.Ordinal);
        Assert.NotEqual(0, (await ForgeAsync(machine, people.Ann, "hello")).Code);
        Assert.Contains("Permission denied", (await ForgeAsync(machine, people.Ann, "hello")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("uid:0", "starts no jobs of uid 0")]
    [InlineData("uid:1", "starts no jobs of uid 1")]
    [InlineData("uid:self", "starts no jobs as the user that the daemon serves as")]
    [InlineData("uid:4000000000", "knows no user")]
    [InlineData("log:{DATA}/logs/../launcher/77.log", "closed")]
    [InlineData("log:/etc/gflow-forged.log", "closed")]
    [InlineData("log:77.log", "closed")]
    [InlineData("limit:200", "closed")]
    [InlineData("truncated", "closed")]
    [InlineData("trailing", "closed")]
    [InlineData("oversized", "closed")]
    [InlineData("many", "closed")]
    [InlineData("unknown", "closed")]
    [InlineData("upgrade:/bin/sh", "becomes nothing but")]
    [InlineData("script", "the copy of the script")]
    public async Task A_forged_message_starts_nothing(string what, string answer)
    {
        await using var machine = await SharedMachine.StartAsync(installed, people);
        var gate = machine.At("open/gate");
        await machine.SubmitAsync(people.Bob, $"touch {gate}; sleep 1000");
        await machine.UntilAsync(() => File.Exists(gate), "a job keeps the launcher there");
        await machine.KillDaemonAsync();
        var launcher = machine.LauncherPid();
        var ran = await ForgeAsync(machine, people.Server, what.Replace("{DATA}", machine.Data, StringComparison.Ordinal).Replace("self", $"{await People.UidAsync(people.Server)}", StringComparison.Ordinal));
        Assert.Contains(answer, ran.Out, StringComparison.Ordinal);
        Assert.Equal(launcher, machine.LauncherPid());
        Assert.False(File.Exists(machine.At("open/forged")), ran.ToString());
        Assert.DoesNotContain(Directory.EnumerateFiles(machine.Data, "77*", SearchOption.AllDirectories), file => new FileInfo(file).Length > 0);
        Assert.False(File.Exists("/etc/gflow-forged.log"));
    }

    [Theory]
    [InlineData("ln", "-s")]
    [InlineData("ln")]
    [InlineData("cp", "--attributes-only")]
    public async Task What_lies_where_a_log_is_to_be_made_is_not_written_to(string program, params string[] options)
    {
        await using var machine = await SharedMachine.StartAsync(installed, people);
        var victim = machine.At("victim");
        await File.WriteAllTextAsync(victim, "precious", Ct);
        Assert.NotEqual(0, (await machine.AsAsync(people.Ann, program, [.. options, victim, $"{machine.Logs}/1.log"])).Code);

        // As the serving user could; root, who may link anything, does it for him.
        Assert.Equal(0, (await machine.AsAsync("root", program, [.. options, victim, $"{machine.Logs}/1.log"])).Code);
        Assert.Equal(["out"], await machine.OutputAsync(await machine.SubmitAsync(people.Ann, "echo out")));
        Assert.Equal("precious", await File.ReadAllTextAsync(victim, Ct));
        Assert.Null(new FileInfo($"{machine.Logs}/1.log").LinkTarget);
        Assert.Equal($"root root 644\n", (await machine.AsAsync("root", "stat", "-c", "%U %G %a", victim)).Out);
    }

    [Theory]
    [InlineData("ln", "-s")]
    [InlineData("ln")]
    public async Task What_lies_where_the_daemons_log_is_to_be_is_not_written_to(string program, params string[] options)
    {
        await using var machine = await SharedMachine.StartAsync(installed, people);
        await machine.KillDaemonAsync();
        var victim = machine.At("victim");
        await File.WriteAllTextAsync(victim, "precious", Ct);
        Assert.Equal(0, (await machine.AsAsync("root", program, [.. options, victim, $"{machine.Logs}/daemon.log"])).Code);
        Assert.Contains($"{machine.Logs}/daemon.log is in the way", await machine.RefusedAsync("start"), StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(victim, Ct));
        Assert.Equal("root root\n", (await machine.AsAsync("root", "stat", "-c", "%U %G", victim)).Out);
    }

    private Task<Ran> ForgeAsync(SharedMachine machine, string user, string what) =>
        machine.AsAsync(user, "/usr/bin/python3", "-c", File.ReadAllText(Forge), machine.Data, people.Ann, machine.At("open/forged"), what);
}
