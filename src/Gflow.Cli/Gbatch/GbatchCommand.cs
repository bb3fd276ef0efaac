using System.Text.Json.Nodes;
using Gflow.Cli.Rendering;
using Gflow.Client.CommandLine;
using Gflow.Client.Submitting;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
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
            "Options come before the script or command; everything after its first word belongs to the job. A first word that is neither a file nor a program is refused as a slip; what stands after -- is taken as it is, also a command that is called new or help.",
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
            new("gbatch --array 1-100%4 train.sh", "A hundred jobs, told apart by $GFLOW_ARRAY_TASK_ID, four at once"),
            new("gbatch --param lr=0.1,0.01 --param seed=1:3 python train.py --lr {lr} --seed {seed}", "Every combination of two parameters"),
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

        var programs = invocation.Insists ? null : new ProgramSearch(context.WorkingDirectory, context.Environment);
        var source = Invocation.Need(JobSource.From(invocation.Words, context.WorkingDirectory, context.OpenIn, programs));
        TellOptionsPassedOn(invocation, source);
        var submitter = new Submitter(context.WorkingDirectory, context.Environment, context.Settings?.Invoke(), note => invocation.Complain($"note: {note}"));
        var wish = Invocation.Need(submitter.Wish(source, flags).Then(submitter.WithRows));
        RefuseMixed(wish);
        var on = await invocation.ResolveAsync(wish.Dependencies, cancel);
        var draft = submitter.Draft(source, wish, on);
        if (invocation.Has("--dry-run"))
        {
            return DryRun(invocation, draft, source, Invocation.Need(await invocation.Client.CheckAsync(draft, cancel)));
        }

        var submitted = Invocation.Need(await invocation.Client.SubmitAsync(draft, cancel));
        invocation.Context.Made.Add(submitted.Tasks is { } made ? $"jobs {submitted.Id} to {submitted.Id + made - 1} were submitted" : $"job {submitted.Id} was submitted");
        if (submitted.Tasks is { } tasks)
        {
            return TaskReport.Submitted(invocation, draft, submitted, tasks);
        }

        return invocation.Answer(
            () => invocation.WriteJson(JobJson.Of(submitted, DisplayNameText.Of(draft.Name, draft.Script, draft.Command))),
            text =>
            {
                text.WriteLine($"Submitted batch job {submitted.Id} ({SafeText.Line(submitted.RunName)})");
                TellEnd(invocation, $"job {submitted.Id} was submitted and is already", submitted.State, submitted.ReasonText);
                TellWarning(invocation, submitted.Warning);
                if (draft.Hold is true && submitted.State is null)
                {
                    invocation.Complain($"warning: the daemon is of an earlier version, which does not hold jobs from their submission; gjob hold {submitted.Id}");
                }

                TellWhoIsTold(invocation, submitted.Notifications);
            });
    }

    /// <exception cref="CommandFailedException">Indices and parameters are both given.</exception>
    private static void RefuseMixed(SubmissionWish wish)
    {
        if (wish.Draft is { Array: not null } draft && (draft.Sweep is not null || draft.SweepRows is not null))
        {
            throw Invocation.No($"{(draft.SweepRows is not null ? "--param-file" : "--param")} cannot be used with --array: a sweep numbers its jobs itself, from 1");
        }
    }

    /// <summary>What stands behind the script is the script's, and looks as if it were meant for gbatch.</summary>
    private static void TellOptionsPassedOn(Invocation invocation, JobSource source)
    {
        if (invocation.Insists || invocation.Words.Count < 2)
        {
            return;
        }

        // Most programs have short options of their own, and those that are called as gbatch's mean something else; scripts have few.
        var isScript = source.ScriptText is not null;
        var passed = invocation.Words.Skip(1).Select(word => word.Split('=', 2)[0])
            .Select(word => word.StartsWith("--", StringComparison.Ordinal) ? word : isScript && word.Length > 1 && word[0] == '-' ? word[..2] : "")
            .Where(name => invocation.Spec.Options.Concat(invocation.Spec.Common).Any(option => option.IsCalled(name)))
            .Distinct()
            .ToList();
        if (passed.Count > 0)
        {
            var program = SafeText.Line(Path.GetFileName(invocation.Words[0]));
            invocation.Complain($"note: {string.Join(", ", passed)} {(passed.Count == 1 ? "is" : "are")} passed to {program}; options of gbatch come before {program}");
        }
    }

    /// <summary>On standard error: the line before is what scripts read.</summary>
    internal static void TellEnd(Invocation invocation, string what, string? state, string? reason)
    {
        if (state is not null && JobStates.TryParse(state, out var known) && known.IsFinal())
        {
            invocation.Complain($"{what} {state}: {SafeText.Line(reason ?? "gjob show says why")}");
        }
    }

    /// <inheritdoc cref="TellEnd"/>
    internal static void TellWarning(Invocation invocation, string? warning)
    {
        if (warning is not null)
        {
            invocation.Complain($"warning: {SafeText.Line(warning)}");
        }
    }

    /// <inheritdoc cref="TellEnd"/>
    internal static void TellWhoIsTold(Invocation invocation, ToldPeople? notifications)
    {
        if (notifications is { } told)
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

    private static int DryRun(Invocation invocation, SubmissionDraft draft, JobSource source, CheckedJob check) => invocation.Answer(
        () => invocation.WriteJson(new JsonObject { ["would_submit"] = new JsonArray(JobJson.Of(draft, check)) }),
        text =>
        {
            if (check.Tasks is { } tasks)
            {
                TaskReport.Preview(text, draft, source, tasks);
            }
            else
            {
                text.WriteLine("Would submit 1 batch job:");
                text.WriteLine($"  [1] {SafeText.Line(source.Shown)} (GPUs: {draft.Gpus ?? draft.GpuIndices?.Count ?? 0})");
            }

            foreach (var (name, value) in Fields(draft))
            {
                text.WriteLine($"      {name}={SafeText.Line(value)}");
            }

            TellEnd(invocation, "it would be", check.State, check.ReasonText);
            TellWarning(invocation, check.Warning);
            TellWhoIsTold(invocation, check.Notifications);
        });

    /// <summary>What was asked for beside command and GPUs.</summary>
    private static IEnumerable<(string Name, string Value)> Fields(SubmissionDraft draft)
    {
        (string, string?)[] all =
        [
            ("Name", draft.NameTemplate ?? draft.Name),
            ("MaxConcurrent", draft.MaxConcurrent is { } most ? JobText.Count(most) : null),
            ("MaxFails", draft.MaxFails),
            ("Hold", draft.Hold is true ? "yes" : null),
            ("GPUType", draft.GpuType),
            ("GPUMinMemory", draft.GpuMinMemoryMb is { } memory ? MemoryText.Format(memory) : null),
            ("GPUIndex", draft.GpuIndices is { } indices ? string.Join(',', indices) : null),
            ("Project", draft.Project),
            ("Priority", draft.Priority is { } priority ? JobText.Count(priority) : null),
            ("TimeLimit", draft.TimeLimit is { } limit ? DurationText.Format(TimeSpan.FromSeconds(limit.Secs)) : null),
            ("DependsOn", draft.DependsOnIds is { } ids ? $"{string.Join(',', ids)} ({draft.DependencyMode})" : null),
            ("DependsOnGroups", draft.DependsOnGroups is { } groups ? $"{string.Join(',', groups)} ({draft.DependencyMode})" : null),
            ("AutoCancel", draft.AutoCancelOnDependencyFailure is false ? "disabled" : null),
            ("NotifyEmail", draft.Notifications?.Emails is { } emails ? string.Join(',', emails) : null),
            ("NotifyMe", draft.Notifications?.Me is true ? "yes" : null),
            ("NotifyOn", draft.Notifications?.Events is { } events ? string.Join(',', events) : null),
        ];
        return all.Where(field => field.Item2 is not null).Select(field => (field.Item1, field.Item2!));
    }
}
