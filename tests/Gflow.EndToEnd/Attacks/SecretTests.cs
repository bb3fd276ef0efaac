using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Attacks;

/// <summary>Secrets of a daemon, looked for where processes show what they are made of.</summary>
public sealed class SecretTests(Installation installed, People people) : IClassFixture<People>
{
    private const string Secret = "planted-in-the-environment", InFile = "planted-in-a-file", InConfiguration = "planted-in-the-configuration";

    private const string Look = "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'; head -c 1 /proc/$1/mem; cat /proc/$1/maps /proc/$1/fd/0; cat $2 $3; true";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_process_shows_a_secret_to_users_and_no_helper_has_one()
    {
        await using var machine = SharedMachine.Create(installed, people);
        var hook = machine.At("hook");
        await File.WriteAllTextAsync(hook, $"http://127.0.0.1:1/{InFile}", Ct);
        machine.Configure(people.Server, $$"""
            [notifications]
            enabled = true
            webhooks = [{ name = "hook", url = { file = "{{hook}}" }, headers = { Authorization = { env = "HOOK_LOGIN" }, X-Key = "{{InConfiguration}}" } }]
            """);
        foreach (var file in (string[])[hook, machine.ConfigFile])
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
            Assert.Equal(0, (await machine.AsAsync("root", "chgrp", people.Server, file)).Code);
        }

        machine.DaemonVariables["HOOK_LOGIN"] = Secret;
        await machine.StartDaemonAsync();
        var gate = machine.At("open/gate");
        await machine.SubmitAsync(people.Ann, $"touch {gate}; sleep 600");
        await machine.UntilAsync(() => File.Exists(gate), "a job keeps the launcher there");

        string[] words = ["-c", Look, "look", $"{machine.DaemonPid}", hook, machine.ConfigFile];
        var seen = await machine.AsAsync(people.Bob, "bash", words);
        var id = await machine.SubmitAsync(people.Bob, ["bash", .. words]);
        await machine.EndedAsync(id);
        var log = await machine.AsAsync(people.Bob, "gjob", "log", $"{id}");
        foreach (var text in (string[])[seen.Out, seen.Error, log.Out])
        {
            Assert.Contains("Permission denied", text + seen.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("planted-in", text, StringComparison.Ordinal);
        }

        // Root looks into all that belongs to the daemon: the secret is the serving process's alone.
        foreach (var pid in Processes.Mentioning(machine.Root).Where(pid => pid != machine.DaemonPid))
        {
            Assert.DoesNotContain("planted-in", await File.ReadAllTextAsync($"/proc/{pid}/environ", Ct) + Processes.CommandLine(pid), StringComparison.Ordinal);
        }
    }

    /// <summary>Neither to others nor to a job of the same user, whose own are the configuration and the file alone.</summary>
    [Fact]
    public async Task A_users_daemon_shows_its_secrets_to_no_process_whosever_it_is()
    {
        await using var own = await OwnDaemon.CreateAsync(installed, people.Ann, $$"""
            [notifications]
            enabled = true
            webhooks = [{ name = "hook", url = { file = "{{Path.GetTempPath()}}/gflow-hook-{{people.Ann}}" }, headers = { Authorization = { env = "HOOK_LOGIN" }, X-Key = "{{InConfiguration}}" } }]
            """);
        var hook = $"{Path.GetTempPath()}/gflow-hook-{people.Ann}";
        await File.WriteAllTextAsync(hook, $"http://127.0.0.1:1/{InFile}", Ct);
        await People.DoneAsync("chown", people.Ann, hook);
        File.SetUnixFileMode(hook, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        try
        {
            own.DaemonVariables["HOOK_LOGIN"] = Secret;
            await own.StartDaemonAsync();
            var running = await own.SubmitAsync("exec sleep 600");
            await own.UntilAsync(async () => (await own.JobAsync(running)).StartedAt is not null, "a job keeps the launcher there");
            var seen = await own.AsAsync(people.Bob, "bash", "-c", Look, "look", $"{own.DaemonPid}", hook, own.At("gflow.toml"));
            var job = await own.SubmitAsync("bash", "-c", Look, "look", $"{own.DaemonPid}", "/dev/null", "/dev/null");
            await own.EndedAsync(job);
            foreach (var text in (string[])[seen.Out + seen.Error, await own.LogAsync(job)])
            {
                Assert.Contains("Permission denied", text, StringComparison.Ordinal);
                Assert.DoesNotContain("planted-in", text, StringComparison.Ordinal);
            }

            foreach (var pid in Processes.Mentioning(own.Root).Where(pid => pid != own.DaemonPid))
            {
                Assert.DoesNotContain("planted-in", await File.ReadAllTextAsync($"/proc/{pid}/environ", Ct) + Processes.CommandLine(pid), StringComparison.Ordinal);
            }
        }
        finally
        {
            File.Delete(hook);
        }
    }
}
