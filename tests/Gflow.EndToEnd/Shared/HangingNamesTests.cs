using System.Diagnostics;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Shared;

/// <summary>A name service that hangs delays only whom it concerns.</summary>
public sealed class HangingNamesTests(Installation installed, People people) : IClassFixture<People>
{
    /// <summary>Of a user whom only the name service knows.</summary>
    private const int Stranger = 3_456_789;

    private const string StrangersName = "gfstranger";
    private const string LookUpThread = "account look-up";

    /// <summary>Sends the same request over many connections at once, and then reads all answers.</summary>
    private const string Crowd = """
        import socket, sys
        count, places, method, body = int(sys.argv[1]), sys.argv[2:4], sys.argv[4], sys.argv[5]
        ends = []
        for i in range(count):
            place = places[i % 2]
            end = socket.socket(socket.AF_UNIX if place.startswith("/") else socket.AF_INET)
            end.connect(place if place.startswith("/") else ("127.0.0.1", int(place)))
            end.sendall(f"{method} /jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            ends.append(end)
        print("open", flush=True)
        print(*sorted({end.makefile().readline().split()[1] for end in ends}))
        """;

    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(2);

    private static readonly Dictionary<string, string> Plain = new() { ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin", ["LANG"] = "C.UTF-8" };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_waits_for_the_name_service_waits_alone()
    {
        await using var machine = SharedMachine.Create(installed, people);
        var gate = machine.At("open/gate");
        await machine.StartDaemonAsync(await HangingAsync(machine, gate));
        var port = new Uri((await machine.Client.StatusAsync(Ct)).Value.Url!).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);

        // The groups of her job are not known, and the stranger's name is not.
        var anns = await machine.SubmitAsync(people.Ann, $"touch {machine.Open}/ann");
        using var readers = await CrowdAsync(50, machine.Socket, port, "GET", "");
        using var submitters = await CrowdAsync(2, machine.Socket, port, "POST", """{"command":"id -u"}""");
        for (var i = 0; i < 5; i++)
        {
            var begun = Stopwatch.GetTimestamp();
            var id = await machine.SubmitAsync(people.Bob, "true");
            Assert.Equal(0, (await machine.AsAsync(people.Bob, "gjob", "wait", $"{id}")).Code);
            Assert.Equal("Finished", (await machine.JobAsync(id)).State);
            Assert.Equal(0, (await machine.AsAsync(people.Ann, "gqueue")).Code);
            var took = Stopwatch.GetElapsedTime(begun);
            Assert.True(took < AtOnce, $"{took}\n{machine.DaemonLog}");
        }

        Assert.Equal(1, LookUps(machine));
        Assert.False(File.Exists($"{machine.Open}/ann"));
        Assert.Null((await machine.JobAsync(anns)).FinishedAt);
        await File.WriteAllTextAsync(gate, "", Ct);
        Assert.Equal("Finished", (await machine.EndedAsync(anns)).State);
        Assert.Equal("200", (await readers.StandardOutput.ReadToEndAsync(Ct)).Trim());
        Assert.Equal("201", (await submitters.StandardOutput.ReadToEndAsync(Ct)).Trim());
        var theirs = (await machine.Client.ListAsync(new() { Users = [StrangersName] }, Ct)).Value;
        Assert.Equal(2, theirs.Count);
        Assert.Equal([$"{Stranger}"], await machine.OutputAsync(theirs[0].Id));
    }

    [Fact]
    public async Task A_question_that_hangs_does_not_keep_the_daemon_from_stopping()
    {
        await using var machine = SharedMachine.Create(installed, people);
        await machine.StartDaemonAsync(await HangingAsync(machine, machine.At("open/gate")));
        using var reader = await CrowdAsync(1, machine.Socket, machine.Socket, "GET", "");
        await machine.UntilAsync(() => LookUps(machine) == 1, "his name is asked for");
        var begun = Stopwatch.GetTimestamp();
        await machine.StopDaemonAsync();
        Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(10), machine.DaemonLog);
    }

    private static int LookUps(SharedMachine machine) =>
        Directory.EnumerateDirectories($"/proc/{machine.DaemonPid}/task").Count(task => File.ReadAllText($"{task}/comm").Trim() == LookUpThread);

    /// <summary>Asks as the stranger; returns when all have asked.</summary>
    private static async Task<Process> CrowdAsync(int count, string socket, string port, string method, string body)
    {
        var crowd = Run.Start("setpriv", ["--reuid", $"{Stranger}", "--regid", $"{Stranger}", "--clear-groups", "/usr/bin/python3", "-c", Crowd, $"{count}", socket, port, method, body], Plain);
        Assert.Equal("open", await crowd.StandardOutput.ReadLineAsync(Ct));
        return crowd;
    }

    /// <summary>Builds the module, and names the program by which a daemon has it, in a mount namespace of its own, in the place of one that nobody uses.</summary>
    private async Task<string[]> HangingAsync(SharedMachine machine, string gate)
    {
        var replaced = ((string[])["hesiod", "compat"]).SelectMany(service => Directory.EnumerateFiles("/usr/lib", $"libnss_{service}.so.2", new EnumerationOptions { RecurseSubdirectories = true })).First();
        var service = Path.GetFileName(replaced).Split('_', '.')[1];
        var (module, configuration) = (machine.At("hanging.so"), machine.At("nsswitch.conf"));
        var source = Path.Combine(Installation.Root(), "tests", "Gflow.EndToEnd", "Shared", "hanging.c");
        string[] words = [$"-DSERVICE={service}", $"-DGATE=\"{gate}\"", $"-DUSER=\"{people.Ann}\"", $"-DKNOWN={Stranger}", $"-DNAME=\"{StrangersName}\""];
        var compiled = await Run.Async("cc", ["-shared", "-fPIC", "-o", module, .. words, source], Plain);
        Assert.True(compiled.Code == 0, compiled.ToString());
        await File.WriteAllTextAsync(configuration, $"passwd: files {service}\ngroup: files {service}\nhosts: files dns\n", Ct);
        return ["/usr/bin/unshare", "--mount", "--propagation", "private", "sh", "-c", $"mount --bind {configuration} /etc/nsswitch.conf && mount --bind {module} {replaced} && exec \"$@\"", "sh"];
    }
}
