using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Attacks;

/// <summary>Numbers that are to be taken for another's, and a launcher that is asked by somebody else.</summary>
public sealed class RouteTests(Installation installed, People people) : IClassFixture<People>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static readonly string[] Forged =
    [
        "0", "-1", "%2B1", "%2D1", "1.0", "1e0", "0x1", "1,1", "1-1", "1;1", "1%20", "%201", "1%00", "%001", "1%0a", "1%0d%0aX-User:%20root", "1%2f", "1%2fcancel", "..%2f1", "1%2f..%2f1", "%2e%2e%2f1",
        "..%5c1", "%252f1", "%EF%BC%91", "%D9%A1", "%E0%A5%A7", "%E2%91%A0", "%C2%B9", "%ff", "%f0%9f%98%80", "1%E2%80%AE", "4294967295", "4294967296", "4294967297", "18446744073709551617",
        "-4294967295", "99999999999999999999999999", "@", "@~0", "*", "null", "undefined", "NaN", "%24%28id%29", "%27%20or%201=1", "1%3Fuser=root",
    ];

    private static readonly string[] Routes =
    [
        "GET /jobs/#", "PATCH /jobs/#", "GET /jobs/#/script", "GET /jobs/#/cancel", "POST /jobs/#/cancel", "POST /jobs/#/signal?signal=KILL", "POST /jobs/#/hold", "POST /jobs/#/release", "POST /jobs/#/redo",
        "POST /jobs/#/finish", "POST /jobs/#/fail", "GET /jobs/#/log", "GET /jobs/#/log/content", "GET /jobs/#/log/follow", "GET /jobs/#/notifications", "GET /reservations/#", "DELETE /reservations/#",
        "GET /notifications/deliveries/#", "POST /notifications/deliveries/#/resend", "POST /notifications/deliveries/#/cancel", "GET /notifications/targets/#", "POST /notifications/targets/#/pause",
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_forged_number_is_taken_for_a_job_that_is_there(bool shared)
    {
        await using var attacked = await Attacked.StartAsync(installed, people, shared);
        var id = await attacked.SubmitAsync("echo private-output; exec sleep 600");
        Assert.Equal(1u, id);

        // Of a user's daemon its owner: others hear nothing but 403.
        var attacker = shared ? attacked.Stranger : attacked.Victim;
        var asked = Routes.Select(route => route.Split(' ')).SelectMany(
            route => shared ? [.. Forged, "1", "%31", "%2e%2e/jobs/1"] : Forged,
            (route, number) => new Asked(route[0], route[1].Replace("#", number, StringComparison.Ordinal), route[0] == "PATCH" ? """{"priority":7}""" : "")).ToList();
        var answers = await attacked.AskAsync(attacker, attacked.Socket, asked);
        foreach (var (one, answer) in asked.Zip(answers))
        {
            // What everybody may know of it, by other spellings of its number.
            var isPublic = one.Method == "GET" && (one.Target is "/jobs/1" or "/jobs/%31" || one.Target.EndsWith("/%2e%2e/jobs/1", StringComparison.Ordinal));
            Assert.True((isPublic || answer.Status is 400 or 403 or 404 or 405 or 410) && !answer.Body.Contains("private-", StringComparison.Ordinal), $"{one.Method} {one.Target}: {answer}");
        }

        Assert.True((await attacked.Client.GetAsync(new(id), Ct)).Value is { State: "Running", Priority: 10 });
        Assert.Equal(id, Assert.Single((await attacked.Client.ListAsync(new(), Ct)).Value).Id);
        await attacked.AssertServesAsync();
    }

    /// <summary>Also when its directory lets him in, by a mistake of its owner's.</summary>
    [Fact]
    public async Task The_launcher_and_the_files_of_a_users_daemon_are_out_of_reach_of_others()
    {
        await using var own = await OwnDaemon.StartAsync(installed, people.Ann);
        var job = await own.SubmitAsync("echo private-output; exec sleep 600");
        await own.UntilAsync(async () => (await own.LogAsync(job)).Length > 0, "the job has written");
        var tried = await own.AsAsync(people.Bob, "bash", "-c", $"""
            ls {own.Data} && echo WON
            cat {own.Data}/gflow.db {own.Data}/logs/{job}.log {own.Data}/launcher.log && echo WON
            echo x >> {own.Data}/gflow.db && echo WON
            echo x > {own.Data}/logs/2.log && echo WON
            ln -s /etc/hostname {own.Data}/logs/3.log && echo WON
            mv {own.Data} {own.Data}.old && echo WON
            rm -f {own.Socket} && echo WON
            kill -9 {own.DaemonPid} && echo WON
            true
            """);
        Assert.DoesNotContain("WON", tried.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("private-", tried.Out, StringComparison.Ordinal);
        var socket = Path.Combine(own.Data, "launcher.sock");
        Assert.True(File.Exists(socket));
        const string Connect = "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b'x'*64); s.settimeout(10); print(s.recv(64))";
        Assert.Contains("Permission denied", (await own.AsAsync(people.Bob, "/usr/bin/python3", "-c", Connect, socket)).Error, StringComparison.Ordinal);
        File.SetUnixFileMode(own.Data, (UnixFileMode)0b111_101_101);
        Assert.Contains("Permission denied", (await own.AsAsync(people.Bob, "/usr/bin/python3", "-c", Connect, socket)).Error, StringComparison.Ordinal);
        Assert.Equal("Running", (await own.JobAsync(job)).State);
    }
}
