using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Shared;

/// <summary>What a gflowd of root does not start with.</summary>
public sealed class RefusedStartTests(Installation installed, People people) : IClassFixture<People>
{
    private const UnixFileMode RootAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData]
    [InlineData("start")]
    public async Task Without_its_user_it_names_the_command_that_makes_one(params string[] verb)
    {
        await using var machine = SharedMachine.Create(installed, people);
        machine.Configure("gflow-nobody-has");
        var said = await machine.RefusedAsync(verb);
        Assert.Contains($"useradd --system --no-create-home --home-dir {machine.Data} --shell /usr/sbin/nologin gflow-nobody-has", said, StringComparison.Ordinal);
        Assert.Contains("[daemon] user = \"root\"", said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(machine.Data));
    }

    [Fact]
    public async Task A_configuration_that_its_user_may_not_read_is_named_with_its_mode_and_the_remedy()
    {
        await using var machine = SharedMachine.Create(installed, people);
        File.SetUnixFileMode(machine.ConfigFile, RootAlone);
        var said = await machine.RefusedAsync();
        Assert.Contains(machine.ConfigFile, said, StringComparison.Ordinal);
        Assert.Contains("0600", said, StringComparison.Ordinal);
        Assert.Contains($"chgrp {people.Server} {machine.ConfigFile} && chmod 640 {machine.ConfigFile}", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_that_its_user_may_not_read_is_named_with_its_mode_and_the_remedy()
    {
        var secret = Path.GetTempFileName();
        await File.WriteAllTextAsync(secret, "http://127.0.0.1:1/planted-in-a-file", Ct);
        await using var machine = SharedMachine.Create(installed, people, $$"""
            [notifications]
            enabled = true
            webhooks = [{ name = "hook", url = { file = "{{secret}}" } }]
            """);
        var said = await machine.RefusedAsync();
        File.Delete(secret);
        Assert.Contains("0600", said, StringComparison.Ordinal);
        Assert.Contains($"chgrp {people.Server} {secret} && chmod 640 {secret}", said, StringComparison.Ordinal);
        Assert.DoesNotContain("planted", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_place_of_somebody_elses_is_left_alone()
    {
        await using var machine = SharedMachine.Create(installed, people);
        Directory.CreateDirectory(machine.Data);
        Assert.Equal(0, (await Run.Async("chown", [people.Ann, machine.Data], new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" })).Code);
        Assert.Contains($"belongs to {people.Ann}", await machine.RefusedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_place_behind_a_link_is_left_alone()
    {
        await using var machine = SharedMachine.Create(installed, people);
        var elsewhere = machine.At("elsewhere");
        Directory.CreateDirectory(elsewhere);
        File.CreateSymbolicLink(machine.Data, elsewhere);
        Assert.Contains("without links", await machine.RefusedAsync(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(elsewhere));
    }

    [Fact]
    public async Task A_place_that_everybody_may_write_to_is_left_alone()
    {
        await using var machine = SharedMachine.Create(installed, people);
        Directory.CreateDirectory(machine.Data);
        File.SetUnixFileMode(machine.Data, (UnixFileMode)0b111_111_111);
        Assert.Contains("chmod go-w", await machine.RefusedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_of_roots_that_serves_something_else_is_not_given_away()
    {
        await using var machine = SharedMachine.Create(installed, people);
        Directory.CreateDirectory(machine.Data);
        await File.WriteAllTextAsync(Path.Combine(machine.Data, "something"), "", Ct);
        Assert.Contains("[storage] path", await machine.RefusedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_user_writes_himself_does_not_make_his_daemon_the_machines()
    {
        await using var machine = SharedMachine.Create(installed, people);
        var (home, file) = ($"/home/{people.Ann}", $"/home/{people.Ann}/own.toml");
        var ran = await machine.AsAsync(
            people.Ann, "sh", "-c", $"printf '[daemon]\nuser = \"{people.Ann}\"\n' > {file}; export GFLOW_DAEMON__USER={people.Ann} GFLOW_DAEMON__SOCKET={home}/own.sock; gflowd --config {file} start && gflowd --config {file} status; gflowd --config {file} stop");
        Assert.True(ran.Code == 0, ran.ToString());
        Assert.Contains($"{home}/.local/share/gflow", ran.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("shared daemon", ran.Out, StringComparison.Ordinal);
    }
}
