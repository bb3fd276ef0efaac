using System.Text.Json;
using Gflow.EndToEnd.Attacks;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Shared;

/// <summary>Who is somebody to a daemon for all users, and who administers it.</summary>
public sealed class CallerTests(Installation installed, People people) : IClassFixture<People>
{
    private const string Reservation = """{"gpu_count":1,"start_time":{"secs_since_epoch":1935568800,"nanos_since_epoch":0},"duration_secs":1800}""";

    private static readonly Dictionary<string, string> Plain = new() { ["PATH"] = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin", ["LANG"] = "C.UTF-8" };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(65_534u)]
    [InlineData(65_535u)]
    public async Task Who_has_a_number_that_stands_for_nobody_is_refused_over_both_ways_and_hears_why(uint number)
    {
        await using var machine = await SharedMachine.StartAsync(installed, people, $"[access]\nadmins = [\"nobody\"]\n");
        foreach (var place in (string[])[machine.Socket, await PortAsync(machine)])
        {
            var answers = await AskAsync(["--reuid", $"{number}", "--regid", $"{number}", "--clear-groups"], place,
                [new("GET", "/jobs"), new("GET", "/status"), new("POST", "/jobs", """{"command":"true"}"""), new("POST", "/reservations", Reservation), new("GET", "/health")]);
            Assert.All(answers[..^1], answer =>
            {
                Assert.True(answer.Status == 403, $"{answer}");
                Assert.Contains("unknown_caller", answer.Body, StringComparison.Ordinal);
                Assert.Contains($"uid {number} stands for nobody", answer.Body, StringComparison.Ordinal);
            });
            Assert.True(answers[^1].Status == 200, $"{answers[^1]}");
        }

        Assert.Empty((await machine.Client.ListAsync(new(), Ct)).Value);
    }

    [Fact]
    public async Task No_daemon_serves_as_such_a_number()
    {
        await using var machine = SharedMachine.Create(installed, people);
        machine.Configure("nobody");
        Assert.Contains("nobody with it is served", await machine.RefusedAsync(), StringComparison.Ordinal);
    }

    /// <summary>The kernel shows whoever is in a user namespace of his own by his number outside, and whom it cannot name as nobody.</summary>
    [Fact]
    public async Task A_user_in_a_namespace_of_his_own_is_himself_and_not_the_root_he_is_there()
    {
        await using var machine = await SharedMachine.StartAsync(installed, people);
        foreach (var place in (string[])[machine.Socket, await PortAsync(machine)])
        {
            var answers = await AskAsync(["--reuid", people.Bob, "--regid", people.Bob, "--init-groups", "unshare", "--user", "--map-root-user"], place,
                [new("POST", "/jobs", """{"command":"id -u"}"""), new("POST", "/reservations", Reservation)]);
            Assert.True((answers[0].Status, answers[1].Status) == (201, 403), $"{answers[0]} {answers[1]}");
            var id = JsonDocument.Parse(answers[0].Body).RootElement.GetProperty("id").GetUInt32();
            Assert.Equal(people.Bob, (await machine.JobAsync(id)).SubmittedBy);
            Assert.Equal([await People.IdAsync("-u", people.Bob)], await machine.OutputAsync(id));
        }
    }

    [Fact]
    public async Task Root_and_the_daemons_own_user_administer_on_the_socket_and_over_tcp_nobody_does()
    {
        await using var machine = await SharedMachine.StartAsync(installed, people, $"[access]\nadmins = [\"{people.Bob}\"]\n");
        var port = await PortAsync(machine);
        var id = await machine.SubmitAsync(people.Ann, "sleep 600");
        foreach (var user in (string[])["root", people.Server, people.Bob])
        {
            string[] become = ["--reuid", user, "--regid", user, "--init-groups"];
            var refused = await AskAsync(become, port, [new("POST", $"/jobs/{id}/hold"), new("POST", $"/jobs/{id}/cancel"), new("GET", $"/jobs/{id}/script"), new("POST", "/reservations", Reservation)]);
            Assert.All(refused, answer =>
            {
                Assert.True(answer.Status == 403, $"{user}: {answer}");
                Assert.Contains("use the Unix socket", answer.Body, StringComparison.Ordinal);
            });
            var done = await AskAsync(become, machine.Socket, [new("GET", $"/jobs/{id}/script"), new("POST", "/reservations", Reservation)]);
            Assert.True(done[0].Status == 200 && done[1].Status is 200 or 409, $"{user}: {done[0]} {done[1]}");
        }

        Assert.Equal("Running", (await machine.JobAsync(id)).State);
    }

    [Fact]
    public async Task Members_of_a_group_administer_on_the_socket_as_their_processes_have_it()
    {
        var group = $"gfg{Guid.NewGuid().ToString("N")[..8]}";
        await DoneAsync("groupadd", group);
        try
        {
            await using var machine = await SharedMachine.StartAsync(installed, people, $"[access]\nadmins = [\"@{group}\", \"@{group}x\"]\n");
            Assert.Contains($"access.admins[1] = \"@{group}x\": this machine knows no group of this name", machine.DaemonLog, StringComparison.Ordinal);
            Assert.DoesNotContain("access.admins[0]", machine.DaemonLog, StringComparison.Ordinal);
            var port = await PortAsync(machine);
            var id = await machine.SubmitAsync(people.Ann, "sleep 600");
            var gid = (await DoneAsync("getent", "group", group)).Split(':')[2];
            string[] bob = ["--reuid", people.Bob];
            string[][] members = [[.. bob, "--regid", people.Bob, "--groups", gid], [.. bob, "--regid", gid, "--clear-groups"], [.. bob, "--regid", people.Bob, "--groups", string.Join(',', Enumerable.Range(200_000, 300).Append(int.Parse(gid, System.Globalization.CultureInfo.InvariantCulture)))]];
            foreach (var member in members)
            {
                Assert.Equal(200, Assert.Single(await AskAsync(member, machine.Socket, [new("GET", $"/jobs/{id}/script")])).Status);
                Assert.Equal(403, Assert.Single(await AskAsync(member, port, [new("GET", $"/jobs/{id}/script")])).Status);
            }

            // He is a member by now, but the process is not: it is the kernel that is asked, and not the list of members.
            string[] outsider = [.. bob, "--regid", people.Bob, "--clear-groups"];
            await DoneAsync("usermod", "--append", "--groups", group, people.Bob);
            Assert.Equal(403, Assert.Single(await AskAsync(outsider, machine.Socket, [new("GET", $"/jobs/{id}/script")])).Status);
            Assert.Equal(0, (await machine.AsAsync(people.Bob, "gcancel", $"{id}")).Code);
            Assert.Equal("Cancelled", (await machine.EndedAsync(id)).State);

            // A reload puts the names of another configuration in force.
            var next = await machine.SubmitAsync(people.Ann, "sleep 600");
            machine.Configure(people.Server, "[access]\nadmins = []\n");
            Processes.Signal(machine.DaemonPid, Processes.Hangup);
            await machine.UntilAsync(async () => Assert.Single(await AskAsync(members[0], machine.Socket, [new("GET", $"/jobs/{next}/script")])).Status == 403, "the group has lost its rights");
        }
        finally
        {
            await Run.Async("groupdel", [group], Plain);
        }
    }

    private static async Task<string> PortAsync(SharedMachine machine) =>
        new Uri((await machine.Client.StatusAsync(Ct)).Value.Url!).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Asks as a process that setpriv makes of these words.</summary>
    private static async Task<List<Answered>> AskAsync(string[] become, string place, IEnumerable<Asked> asked) =>
        Attacked.Answers(await DoneAsync("setpriv", [.. become, "/usr/bin/python3", "-c", Attacked.Script, .. Attacked.Question(place, asked)]));

    private static async Task<string> DoneAsync(string program, params string[] arguments)
    {
        var ran = await Run.Async(program, arguments, Plain);
        Assert.True(ran.Code == 0, $"{program}: {ran}");
        return ran.Out;
    }
}
