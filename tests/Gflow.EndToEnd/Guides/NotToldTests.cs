using System.Text;
using Gflow.Daemon.Demo;
using Gflow.EndToEnd.TestKit;
using Gflow.Tests.TestKit;

namespace Gflow.EndToEnd.Guides;

/// <summary>The page about notifications that did not come: its commands say what it shows, where things are as it says.</summary>
public sealed partial class NotToldTests(Installation installed)
{
    public static TheoryData<string> Conditions => [.. Transcript.All().Select(transcript => transcript.Condition)];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void Each_cause_is_shown_by_at_most_two_commands()
    {
        var shown = Transcript.All();
        string[] required = ["wrong-password", "wrong-port", "expired-certificate", "wrong-address", "closed-port", "not-subscribed", "filtered", "paused", "no-transport", "full-disk", "read-only", "read-only-start"];
        Assert.Empty(required.Except(shown.Select(transcript => transcript.Condition)));
        Assert.All(shown, transcript => Assert.InRange(transcript.Commands.Count, 1, 2));
    }

    [Theory]
    [MemberData(nameof(Conditions))]
    public async Task A_transcript_is_what_the_commands_say(string condition)
    {
        var transcript = Transcript.All().Single(one => one.Condition == condition);
        using var authority = new PrivateAuthority();
        using var expired = authority.Issue(-1, "127.0.0.1");
        await using var mail = new SmtpReceiver(Mail(condition, expired));
        await using var gone = await WebhookReceiver.StartAsync(_ => new ReceiverAnswer(410, "this hook was removed"));
        await using var machine = await Machine.CreateAsync(installed);
        var file = machine.At("authority.pem");
        await File.WriteAllTextAsync(file, authority.Pem, Ct);
        await File.WriteAllTextAsync(machine.ConfigFile, Configuration(condition, mail.Port, condition == "gone" ? gone.Url : machine.Hook.Url, file), Ct);
        File.SetUnixFileMode(machine.ConfigFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var disk = condition is "full-disk" or "read-only" or "read-only-start" ? await SmallDisk.MountAsync(machine.At("disk.img"), machine.DataDirectory, 48 << 20) : null;
        await BringAboutAsync(condition, machine, disk);
        var said = new StringBuilder();
        foreach (var command in transcript.Commands)
        {
            var ran = await Run.Async("/bin/bash", ["-c", command], command.StartsWith("gflowd", StringComparison.Ordinal) ? machine.DaemonEnvironment : machine.Environment, machine.Work);
            said.Append($"$ {command}\n{ran.Out}{ran.Error}");
        }

        transcript.Check(Port().Replace(said.ToString(), "127.0.0.1:8080").Replace(machine.At("config"), "/home/dana/.config", StringComparison.Ordinal).Replace(machine.DataDirectory, "/home/dana/.local/share/gflow", StringComparison.Ordinal).Replace(Environment.UserName, "dana", StringComparison.Ordinal));
    }

    /// <summary>Where things are as the condition says; a job has failed by then, where there can be one.</summary>
    private static async Task BringAboutAsync(string condition, Machine machine, SmallDisk? disk)
    {
        await machine.StartDaemonAsync();
        switch (condition)
        {
            case "read-only-start":
                await machine.StopDaemonAsync();
                await disk!.MakeReadOnlyAsync();
                return;
            case "full-disk":
                disk!.Fill();
                await machine.DoneAsync("gflowd", "reload");
                await machine.UntilAsync(async () => (await machine.Client.StatusAsync(Ct)).Value.Ill.Any(ill => ill.Code == "disk_low"), "the full disk is noticed");
                return;
            case "read-only":
                await disk!.MakeReadOnlyAsync();
                break;
            case "paused":
                await machine.DoneAsync("gctl", "notify", "pause", "ops");
                break;
        }

        var job = await machine.SubmitAsync("false");
        await machine.EndedAsync(job);
        await machine.UntilAsync(() => machine.Query("SELECT count(*) FROM delivery WHERE state = 0 AND seq NOT IN (SELECT delivery FROM attempt)") == 0 || condition == "paused", "everything was tried");
    }

    private static SmtpReceiverOptions Mail(string condition, System.Security.Cryptography.X509Certificates.X509Certificate2 expired) => condition switch
    {
        "wrong-password" => new() { Reply = line => line.StartsWith("AUTH", StringComparison.Ordinal) ? "535 5.7.8 authentication failed" : null, Login = ("gflow", "right") },
        "expired-certificate" => new() { Certificate = expired, ImplicitTls = true },
        "wrong-address" => new() { Reply = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? "550 5.1.1 no such user here" : null },
        _ => new(),
    };

    [System.Text.RegularExpressions.GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial System.Text.RegularExpressions.Regex Port();

    private static string Configuration(string condition, int port, Uri hook, string authority)
    {
        var server = condition switch
        {
            "wrong-password" => $"smtp://gflow:wrong@127.0.0.1:{port}",
            "wrong-port" or "expired-certificate" => $"smtps://127.0.0.1:{port}",
            _ => $"smtp://127.0.0.1:{port}",
        };
        var transport = $"""
            [[notifications.emails]]
            name = "lab"
            smtp_url = "{server}"
            ca_file = "{authority}"
            from = "gflow@lab.example"
            to = ["dana@lab.example"]
            events = ["job_failed"]
            """;
        var webhook = $"""
            [[notifications.webhooks]]
            name = "ops"
            url = "{(condition == "closed-port" ? $"http://127.0.0.1:{ForeignServer.FreePort()}" : hook)}"
            events = ["{(condition == "not-subscribed" ? "job_completed" : "job_failed")}"]
            filter_users = [{(condition == "filtered" ? "\"erik\"" : "")}]
            """;
        return $"""
            [daemon]
            host = "127.0.0.1"
            port = 0
            simulated_gpus = 1

            [storage]
            min_free_mb = 16

            [notifications]
            enabled = {(condition == "switched-off" ? "false" : "true")}

            {(condition is "wrong-password" or "wrong-port" or "expired-certificate" or "wrong-address" ? transport : webhook)}
            """;
    }
}
