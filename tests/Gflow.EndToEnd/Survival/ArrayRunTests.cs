using System.Globalization;
using System.Text.Json;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Survival;

/// <summary>Arrays with real processes: large, killed on the way, and of tasks that fail.</summary>
public sealed class ArrayRunTests(Installation installed)
{
    /// <summary>Enough to be killed in the midst of; more where GFLOW_ARRAY_TASKS asks for it.</summary>
    private static readonly int Tasks = int.Parse(Environment.GetEnvironmentVariable("GFLOW_ARRAY_TASKS") ?? "3000", CultureInfo.InvariantCulture);

    private const string Own = "dana@lab.example";

    [Fact]
    public async Task Every_task_of_a_large_array_ends_well_and_one_mail_says_so_through_two_kills()
    {
        await using var machine = await SummingAsync();
        await machine.DoneAsync("gbatch", "-g", "1", "--array", $"1-{Tasks}", "--notify-email", Own, "true");
        foreach (var over in (int[])[Tasks / 5, Tasks * 3 / 5])
        {
            await machine.UntilAsync(() => Ended(machine) >= over, $"{over} tasks are over", TimeSpan.FromMinutes(2));
            await machine.KillDaemonAsync();
            machine.LaunchDaemon();
            await machine.AnsweringAsync();
        }

        await machine.UntilAsync(() => Ended(machine) == Tasks, "all tasks are over", TimeSpan.FromMinutes(2));
        await machine.UntilAsync(() => Told(machine).Contains("group_completed"), "the end of the array is told");
        await machine.DeliveredAsync();

        Assert.Equal(Tasks, machine.Query("SELECT count(*) FROM job WHERE state = 10"));
        Assert.Equal(["group_completed", "job_submitted"], Told(machine).Order());
        var mail = Assert.Single(Mails(machine));
        Assert.Contains($"All {Tasks} tasks of group 1 (true)", mail, StringComparison.Ordinal);
        Assert.Contains($"{Tasks} succeeded", mail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_array_of_which_every_task_fails_is_stopped_and_one_mail_says_so()
    {
        await using var machine = await SummingAsync();
        await machine.DoneAsync("gbatch", "-g", "1", "--array", "1-100", "--max-fails", "3", "--notify-email", Own, "exit 7");
        await machine.UntilAsync(() => Ended(machine) == 100, "all tasks are over");
        await machine.UntilAsync(() => Told(machine).Contains("group_completed"), "the end of the array is told");
        await machine.DeliveredAsync();

        var failed = machine.Query("SELECT count(*) FROM job WHERE state = 11");
        Assert.InRange(failed, 3, 6);
        Assert.Equal(100 - failed, machine.Query("SELECT count(*) FROM job WHERE state = 12"));
        Assert.Equal(["group_completed", "group_stopped", "job_failed", "job_submitted"], Told(machine).Order());
        Assert.Equal(2, Mails(machine).Count);
        var mail = Assert.Single(Mails(machine), text => text.Contains("--max-fails 3", StringComparison.Ordinal));
        Assert.Contains($"{failed} failed, {100 - failed} cancelled", mail, StringComparison.Ordinal);
        Assert.Contains("The first that failed:", mail, StringComparison.Ordinal);

        var again = await machine.DoneAsync("gjob", "redo", "--failed", "1_*", "--hold");
        Assert.Contains("Submitted 100 batch jobs", again, StringComparison.Ordinal);
        Assert.Contains("101_*", await machine.DoneAsync("gqueue"), StringComparison.Ordinal);
        Assert.Contains("100 held", await machine.DoneAsync("gjob", "show", "101_*"), StringComparison.Ordinal);
        Assert.Contains("98 jobs of group 101 cancelled", await machine.DoneAsync("gcancel", "101_[3-100]"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Values_reach_the_program_as_they_are()
    {
        await using var machine = await SummingAsync();
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "rows.csv"), "who,what\r\n\"O'Brien, $(touch owned)\",\"a \"\"b\"\"\"\r\n*,`touch owned`\r\n", TestContext.Current.CancellationToken);
        await machine.DoneAsync("gbatch", "--param-file", "rows.csv", "bash", "-c", "printf '%s|%s|%s\\n' {who} \"{what}\" \"$GFLOW_PARAM_who\" > out-$GFLOW_ARRAY_TASK_ID");
        await machine.UntilAsync(() => Ended(machine) == 2, "both are over");

        Assert.Equal("O'Brien, $(touch owned)|a \"b\"|O'Brien, $(touch owned)\n", await machine.FileAsync(Path.Combine(machine.Work, "out-1")));
        Assert.Equal("*|`touch owned`|*\n", await machine.FileAsync(Path.Combine(machine.Work, "out-2")));
        Assert.False(File.Exists(Path.Combine(machine.Work, "owned")));
    }

    /// <summary>With a webhook that is told of arrays as a whole.</summary>
    private async Task<Machine> SummingAsync()
    {
        var machine = await Machine.CreateAsync(installed);
        machine.Configure(4, mailed: "job_timeout");
        var configuration = await File.ReadAllTextAsync(machine.ConfigFile, TestContext.Current.CancellationToken);
        Replaced.Write(machine.ConfigFile, configuration.Replace("name = \"hook\"", "name = \"hook\"\ngroup = \"summary\"", StringComparison.Ordinal));
        await machine.StartDaemonAsync();
        return machine;
    }

    private static long Ended(Machine machine) => machine.Query("SELECT count(*) FROM job WHERE state >= 10");

    /// <summary>The events that the webhook was told of, but for those of the daemon; each once, however often it was sent.</summary>
    private static List<string> Told(Machine machine) =>
    [
        .. machine.Hook.Requests.Snapshot()
            .DistinctBy(request => request.Headers["webhook-id"])
            .Select(request => JsonDocument.Parse(request.Body).RootElement.GetProperty("event").GetString()!)
            .Where(name => name.StartsWith("job_", StringComparison.Ordinal) || name.StartsWith("group_", StringComparison.Ordinal)),
    ];

    private static List<string> Mails(Machine machine) =>
        [.. machine.Mail.Mails.Snapshot().Where(mail => mail.Recipients.Contains(Own)).Select(mail => mail.Message.TextBody!.ReplaceLineEndings("\n"))];
}
