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
        Assert.Equal("closed\n", (await ForgeAsync(machine, "root", "look:0")).Out);
        Assert.Contains("Permission denied", (await ForgeAsync(machine, people.Ann, "look:0")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("uid:0", "refused: root")]
    [InlineData("uid:1", "refused: system user")]
    [InlineData("uid:self", "refused: serving user")]
    [InlineData("uid:65534", "refused: nobody")]
    [InlineData("uid:65535", "refused: nobody")]
    [InlineData("uid:4294967295", "refused: nobody")]
    [InlineData("uid:4000000000", "started: this machine knows no user")]
    [InlineData("garbage", "started: its request is not well formed")]
    [InlineData("script", "refused: script")]
    [InlineData("short", "closed")]
    [InlineData("long", "closed")]
    [InlineData("empty", "closed")]
    [InlineData("bare", "closed")]
    [InlineData("half", "closed")]
    [InlineData("many", "closed")]
    [InlineData("unknown", "closed")]
    [InlineData("signal:0", "closed")]
    [InlineData("signal:65", "closed")]
    [InlineData("signal:-9", "closed")]
    [InlineData("look:-1", "closed")]
    [InlineData("look:1", "error: No such process")]
    [InlineData("kill:1", "error: No such process")]
    [InlineData("kill:launcher", "error: No such process")]
    [InlineData("kill:victim", "error: No such process")]
    [InlineData("kill-file:", "error: No such process")]
    [InlineData("kill-group:1", "error: No such process")]
    [InlineData("kill-group:victim", "error: No such process")]
    [InlineData("kill-group:-1", "error: No such process")]
    [InlineData("log:1", "error: Permission denied")]
    [InlineData("remove:/etc/hostname", "started:")]
    public async Task A_forged_order_does_no_more_than_the_serving_user_may(string what, string answer)
    {
        await using var machine = await LauncherAloneAsync();
        using var victim = Run.Start("/usr/bin/sleep", ["1000"], new Dictionary<string, string> { ["MACHINE"] = machine.Root });
        var launcher = machine.LauncherPid();
        var spoken = what.Replace("self", $"{await People.UidAsync(people.Server)}", StringComparison.Ordinal)
            .Replace("launcher", $"{launcher}", StringComparison.Ordinal).Replace("victim", $"{victim.Id}", StringComparison.Ordinal);
        var ran = await ForgeAsync(machine, people.Server, spoken);
        Assert.StartsWith(answer, ran.Out, StringComparison.Ordinal);
        Assert.Equal(launcher, machine.LauncherPid());
        Assert.False(victim.HasExited);
        Assert.False(File.Exists(machine.At("open/forged")), ran.ToString());
        Assert.False(File.Exists("/etc/gflow-forged.log"));
        Assert.True(File.Exists("/etc/hostname"));
        Assert.DoesNotContain(Directory.EnumerateFiles(machine.Logs, "77*"), file => new FileInfo(file).Length > 0);
    }

    /// <summary>For <c>GFLOW_FUZZ_SECONDS</c>, and with the seed <c>GFLOW_FUZZ_SEED</c>, where they are set.</summary>
    [Fact]
    public async Task The_launcher_outlives_orders_without_sense_and_starts_nothing_as_somebody_who_is_excluded()
    {
        await using var machine = await LauncherAloneAsync();
        using var victim = Run.Start("/usr/bin/sleep", ["1000"], new Dictionary<string, string> { ["MACHINE"] = machine.Root });
        var launcher = machine.LauncherPid();
        var ran = await ForgeAsync(machine, people.Server, $"fuzz:{Environment.GetEnvironmentVariable("GFLOW_FUZZ_SEED") ?? "1"}:{Environment.GetEnvironmentVariable("GFLOW_FUZZ_SECONDS") ?? "5"}");
        Assert.True(ran.Code == 0 && int.Parse(ran.Out.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture) > 100, ran.ToString());
        Assert.Equal(launcher, machine.LauncherPid());
        Assert.False(victim.HasExited);

        // Each start writes who it is; only whom the terms allow can have written.
        var forged = machine.At("open/forged");
        Assert.True(!File.Exists(forged) || (await File.ReadAllTextAsync(forged, Ct)).Trim() == $"{await People.UidAsync(people.Ann)}", forged);
        Assert.DoesNotContain("closed", (await ForgeAsync(machine, people.Server, "look:0")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_are_made_in_no_directory_but_the_serving_users()
    {
        await using var machine = await SharedMachine.StartAsync(installed, people);
        var (elsewhere, aside) = (machine.At("elsewhere"), machine.At("data/aside"));
        Directory.CreateDirectory(elsewhere);
        Directory.Move(machine.Logs, aside);
        File.CreateSymbolicLink(machine.Logs, elsewhere);
        var job = await machine.EndedAsync(await machine.SubmitAsync(people.Ann, "echo out"));
        Assert.Equal("Failed", job.State);
        Assert.Contains("cannot be made", job.ReasonText, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(elsewhere));
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

    /// <summary>The launcher with a job, when the daemon and the keeper no longer stand in the way of orders.</summary>
    private async Task<SharedMachine> LauncherAloneAsync()
    {
        var machine = await SharedMachine.StartAsync(installed, people);
        var gate = machine.At("open/gate");
        await machine.SubmitAsync(people.Bob, $"touch {gate}; sleep 1000");
        await machine.UntilAsync(() => File.Exists(gate), "a job keeps the launcher there");
        await machine.KillDaemonAsync();

        // It would come back and take its place again.
        Processes.Signal(machine.KeeperPid(), Processes.Stop);
        return machine;
    }

    private Task<Ran> ForgeAsync(SharedMachine machine, string user, string what) =>
        machine.AsAsync(user, "/usr/bin/python3", "-c", File.ReadAllText(Forge), machine.LauncherSocket, people.Ann, machine.At("open/forged"), what);
}
