using Gflow.Cli.Rendering;
using Gflow.Client;
using Gflow.Client.CommandLine;
using Gflow.Core;
using Gflow.Core.Jobs;

namespace Gflow.Cli.Gjob;

/// <summary><c>gjob log</c>: a job's output, byte for byte.</summary>
internal static class LogCommand
{
    private const int MostJsonLines = 20_000;
    private const int MostJsonBytes = 4 * 1024 * 1024;

    internal static CommandSpec Make() => new()
    {
        Name = "log",
        Aliases = ["l"],
        Summary = "Show what a job has written",
        Words = new("JOB", 1, 1, "A job number, @ (your last submission), @~N (your N-th last), or tasks of an array (5_3, 5_[1-3], 5_* for all)"),
        Notes =
        [
            "The bytes are passed on as they are; on a terminal, control characters in the log of another user's job are made visible. With --first and --last each step of a progress bar is a line, and what would move the cursor is left out; --raw keeps to bytes and line feeds.",
            "With -f standard error says what a job waits for that has not started, and at the end how it ended.",
            "With --json the answer has the log's path and size and its last lines as text (1000 unless --last says otherwise).",
        ],
        Options =
        [
            new("--follow", ["-f"], null, "Go on until the job has ended; waits for a job that has not started"),
            new("--first", [], "N", "Only the first N lines"),
            new("--last", ["-l"], "N", "Only the last N lines; with -f, begin there"),
            new("--raw", [], null, "The bytes as they are, also with --first and --last"),
        ],
        Exclusive = [["--first", "--last"], ["--first", "--follow"], ["--json", "--follow"], ["--json", "--first"], ["--json", "--raw"]],
        Examples =
        [
            new("gjob log 42", "The whole log"),
            new("gjob log -f @", "Watch your last submission until it ends"),
            new("gjob log --last 20 42", "The last 20 lines"),
            new("gjob log --last 1 17_*", "The last line of each task of an array"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var first = invocation.Number("--first", "a number of lines from 1", most: long.MaxValue);
        var last = invocation.Number("--last", "a number of lines from 1", most: long.MaxValue);
        var ids = await invocation.JobsOfAsync(invocation.Words[0], cancel);
        if (ids.Count > 1 && (invocation.Json || invocation.Has("--follow")))
        {
            throw Invocation.Wrong($"{invocation.Words[0]} is several jobs; --json and --follow take one of them, such as 5_3");
        }

        var code = ExitCodes.Done;
        foreach (var id in ids)
        {
            code = ids.Count == 1 ? await OneAsync(invocation, id, first, last, cancel) : await OneOfManyAsync(invocation, id, first, last, cancel) ? code : ExitCodes.Refused;
        }

        return code;
    }

    /// <summary>Under a line that names the job; one that has no log yet is told and passed over.</summary>
    private static async Task<bool> OneOfManyAsync(Invocation invocation, JobId id, long? first, long? last, CancellationToken cancel)
    {
        invocation.Out.WriteLine($"==> job {id} <==");
        try
        {
            await OneAsync(invocation, id, first, last, cancel);
            return true;
        }
        catch (CommandFailedException missing) when (missing.ExitCode == ExitCodes.Refused)
        {
            invocation.Complain(missing.Message);
            return false;
        }
    }

    private static async Task<int> OneAsync(Invocation invocation, JobId id, long? first, long? last, CancellationToken cancel)
    {
        if (invocation.Json)
        {
            var content = await invocation.Client.LogAsync(id, (int)Math.Min(last ?? 1000, MostJsonLines), MostJsonBytes, cancel);
            var log = content.Ok ? content.Value : throw await NoLogAsync(invocation, id, content.Failure, cancel);
            invocation.WriteJson(log, CommandJson.Default.LogContent);
            return ExitCodes.Done;
        }

        await invocation.Out.FlushAsync(cancel);
        var raw = invocation.Has("--raw");
        var target = await TargetAsync(invocation, id, cancel);
        await using var people = (first ?? last) is not null && !raw && !invocation.Has("--follow") ? new PeopleStream(target) : null;
        var output = new LogOutput(invocation.Client, id, people ?? target, raw, invocation.Context.Time);
        if (invocation.Has("--follow"))
        {
            // Without a size there is no log yet, and following begins at its beginning.
            var begun = last is null ? null : await SizeAsync(invocation, id, cancel);
            var from = begun is { } size ? await output.StartOfLastAsync(last!.Value, size, cancel) : 0;
            await TellWaitAsync(invocation, id, cancel);
            await output.FollowAsync(from, cancel);
            await TellEndAsync(invocation, id, cancel);
            return ExitCodes.Done;
        }

        var end = await SizeAsync(invocation, id, cancel)
            ?? throw await NoLogAsync(invocation, id, new ClientFailure.Refused(404, "not found", []), cancel);
        if (first is { } lines)
        {
            await output.WriteFirstAsync(lines, end, cancel);
        }
        else
        {
            var from = last is { } count ? await output.StartOfLastAsync(count, end, cancel) : 0;
            await output.WriteAsync(from, end, cancel);
        }

        await (people?.FinishAsync(cancel) ?? Task.CompletedTask);
        return ExitCodes.Done;
    }

    private static async Task TellWaitAsync(Invocation invocation, JobId id, CancellationToken cancel)
    {
        if (await invocation.Client.GetAsync(id, cancel) is { Ok: true, Value: { StartedAt: null, FinishedAt: null } job })
        {
            invocation.Complain($"job {id} has not started: {job.ReasonText ?? "it is about to"}");
        }
    }

    private static async Task TellEndAsync(Invocation invocation, JobId id, CancellationToken cancel)
    {
        if (await invocation.Client.GetAsync(id, cancel) is { Ok: true } job)
        {
            invocation.Complain($"job {id}: {JobText.Ended(job.Value)}");
        }
    }

    /// <summary>A terminal gets one's own output as it is; that of others may not command it.</summary>
    private static async Task<Stream> TargetAsync(Invocation invocation, JobId id, CancellationToken cancel)
    {
        var bytes = invocation.Context.OutBytes;
        return !invocation.Context.OutIsTerminal || (await invocation.Client.GetAsync(id, cancel) is { Ok: true } job && job.Value.SubmittedBy == invocation.Context.User())
            ? bytes
            : new VisibleStream(bytes);
    }

    /// <returns>Null when there is no log.</returns>
    private static async Task<long?> SizeAsync(Invocation invocation, JobId id, CancellationToken cancel)
    {
        var content = await invocation.Client.LogAsync(id, 1, 1, cancel);
        return content.Failure is ClientFailure.Refused { Status: 404 } ? null : Invocation.Need(content).Size;
    }

    /// <summary>Says whether it is the job or its log that is missing.</summary>
    private static async Task<CommandFailedException> NoLogAsync(Invocation invocation, JobId id, ClientFailure failure, CancellationToken cancel)
    {
        if (failure is not ClientFailure.Refused { Status: 404 })
        {
            return CommandFailedException.From(failure);
        }

        var job = await invocation.Client.GetAsync(id, cancel);
        return job.Ok
            ? Invocation.No(
                JobText.State(job.Value).IsFinal() ? $"job {id} has no log: it never started ({JobText.Ended(job.Value)})" : $"job {id} has no log ({job.Value.State}); gjob log -f {id} waits for one",
                ProblemCode.NoLog)
            : Invocation.No(JobActions.Told(id, job.Failure), ProblemCode.NotFound);
    }
}
