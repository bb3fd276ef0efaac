using System.Text.Json;
using System.Text.Json.Nodes;
using Gflow.Cli.Rendering;
using Gflow.Client.CommandLine;
using Gflow.Client.Submitting;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Submission;
using Gflow.Core.Text;

namespace Gflow.Cli.Gbatch;

/// <summary><c>gbatch</c>: submits a job.</summary>
internal static class GbatchCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "gbatch",
        Summary = "Submit a job: a script or a command",
        Words = new("SCRIPT_OR_COMMAND...", 0, int.MaxValue, "A script file with its arguments, a command with its words, one shell text in quotes, or - for a script on standard input"),
        PassesWordsOn = true,
        Notes =
        [
            "Options come before the script or command; everything after its first word belongs to the job. Write -- before a command that is called new or help.",
            "A script is sent along as it is now, and that is what runs. Lines such as \"#\u00A0GFLOW\u00A0--gpus=1\u00A0--time=2:00:00\" in the comments at its beginning set options; what is given on the command line wins, and --notify-email adds up. The job starts in the current directory with the current environment.",
        ],
        Options =
        [
            .. SubmissionOptionTable.All,
            new("--dry-run", [], null, "Say what would be submitted, and submit nothing"),
        ],
        Exclusive = [[.. SubmissionOptionTable.All.Where(option => option.Group is not null).Select(option => option.Name)]],
        Subcommands = [NewCommand.Make()],
        NotAvailable = [.. MissingSpec.OfSubmission],
        Examples =
        [
            new("gbatch --gpus 1 --time 2:00:00 train.sh", "A script that needs one GPU for at most two hours"),
            new("gbatch -g 2 -n eval python eval.py --split test", "A command with its own options"),
            new("gbatch 'make && ./run > out.txt'", "One shell text"),
            new("gbatch --depends-on @ report.sh", "Start after your last submission has succeeded"),
            new("gbatch --notify-email dana@example.org train.sh", "Be told by e-mail how it ended"),
            new("gbatch < train.sh", "A script on standard input"),
            new("gbatch new train", "Write a script to begin with: train.sh"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var flags = Flags(invocation);
        var context = invocation.Context;
        if (invocation.Words.Count == 0 && context.InIsTerminal)
        {
            throw Invocation.Wrong(
                "there is nothing to run: give a script (gbatch train.sh), a command (gbatch python train.py) or a script on standard input (gbatch < train.sh)\ntry: gbatch --help");
        }

        var source = Invocation.Need(JobSource.From(invocation.Words, context.WorkingDirectory, context.OpenIn));
        var submitter = new Submitter(context.WorkingDirectory, context.Environment, context.Settings?.Invoke(), note => invocation.Complain($"note: {note}"));
        var wish = Invocation.Need(submitter.Wish(source, flags));
        var on = await invocation.ResolveAsync(wish.Dependencies, cancel);
        var draft = submitter.Draft(source, wish, on);
        if (invocation.Has("--dry-run"))
        {
            return DryRun(invocation, draft, source);
        }

        var submitted = Invocation.Need(await invocation.Client.SubmitAsync(draft, cancel));
        invocation.Context.Made.Add($"job {submitted.Id} was submitted");
        return invocation.Answer(submitted, WireJson.Default.SubmittedJob, text =>
        {
            text.WriteLine($"Submitted batch job {submitted.Id} ({SafeText.Line(submitted.RunName)})");
            TellWhoIsTold(invocation, submitted);
        });
    }

    /// <summary>On standard error: the line before is what scripts read.</summary>
    internal static void TellWhoIsTold(Invocation invocation, SubmittedJob submitted)
    {
        if (submitted.Notifications is { } told)
        {
            var events = told.Events.Contains("*") ? "all events of the job" : string.Join(", ", told.Events);
            invocation.Complain($"mail to {SafeText.Line(string.Join(", ", told.Emails))} on {SafeText.Line(events)} (transport {SafeText.Line(told.Transport ?? "none")})");
        }
    }

    /// <summary>What the command line asks for; all its problems at once.</summary>
    /// <param name="invocation">What was given.</param>
    /// <param name="names">The options to read; null for all.</param>
    internal static SubmissionWish Flags(Invocation invocation, IReadOnlyList<string>? names = null)
    {
        var wish = new SubmissionWish(new());
        List<Problem> problems = [];
        foreach (var option in SubmissionOptionTable.All.Where(option => invocation.Has(option.Name) && names?.Contains(option.Name) != false))
        {
            var applied = option.Apply(wish, invocation.Texts(option.Name));
            wish = applied.Ok ? applied.Value : wish;
            problems.AddRange(applied.Problems.Select(problem => problem with { Message = $"{option.Name}: {problem.Message}" }));
        }

        return problems.Count == 0 ? wish : throw new CommandFailedException(ExitCodes.Usage, problems);
    }

    private static int DryRun(Invocation invocation, SubmissionDraft draft, JobSource source)
    {
        if (invocation.Json)
        {
            invocation.WriteJson(new JsonObject { ["would_submit"] = new JsonArray(Asked(draft)) });
            return ExitCodes.Done;
        }

        invocation.Out.WriteLine("Would submit 1 batch job:");
        invocation.Out.WriteLine($"  [1] {SafeText.Line(source.Shown)} (GPUs: {draft.Gpus ?? 0})");
        foreach (var (name, value) in Fields(draft))
        {
            invocation.Out.WriteLine($"      {name}={SafeText.Line(value)}");
        }

        return ExitCodes.Done;
    }

    /// <summary>What was asked for beside command and GPUs.</summary>
    private static IEnumerable<(string Name, string Value)> Fields(SubmissionDraft draft)
    {
        (string, string?)[] all =
        [
            ("Name", draft.Name),
            ("Project", draft.Project),
            ("Priority", draft.Priority is { } priority ? JobText.Count(priority) : null),
            ("TimeLimit", draft.TimeLimit is { } limit ? DurationText.Format(TimeSpan.FromSeconds(limit.Secs)) : null),
            ("DependsOn", draft.DependsOnIds is { } ids ? $"{string.Join(',', ids)} ({draft.DependencyMode})" : null),
            ("AutoCancel", draft.AutoCancelOnDependencyFailure is false ? "disabled" : null),
            ("NotifyEmail", draft.Notifications?.Emails is { } emails ? string.Join(',', emails) : null),
            ("NotifyMe", draft.Notifications?.Me is true ? "yes" : null),
            ("NotifyOn", draft.Notifications?.Events is { } events ? string.Join(',', events) : null),
        ];
        return all.Where(field => field.Item2 is not null).Select(field => (field.Item1, field.Item2!));
    }

    /// <summary>The request without what may be large or secret: script content and environment.</summary>
    private static JsonObject Asked(SubmissionDraft draft)
    {
        var shown = draft.Packed() with { ScriptContent = null, Environment = null, EnvironmentBase64 = null };
        var asked = JsonSerializer.SerializeToNode(shown, WireJson.Default.SubmissionDraft)!.AsObject();
        foreach (var unset in asked.Where(field => field.Value is null).Select(field => field.Key).ToList())
        {
            asked.Remove(unset);
        }

        return asked;
    }
}
