using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Cli.Gctl.Notify;

/// <summary><c>gctl notify explain</c>: who would be told of an event, who not, and why.</summary>
internal static class NotifyExplainCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "explain",
        Summary = "Tell who would be told of an event, who not, and why",
        Notes =
        [
            "The answer is the router's own, by the configuration in force. Without --job it is about a job of yours that names no recipients.",
        ],
        Options =
        [
            new("--event", [], "EVENT", "The event, such as job_failed; must be given"),
            new("--job", [], "JOB", "The job it would be about"),
            new("--email", [], "ADDRESS", "Also a recipient that the job might name") { Repeatable = true },
        ],
        Examples =
        [
            new("gctl notify explain --job 42 --event job_failed", "Before it happens"),
            new("gctl notify explain --event job_completed --email dana@example.org", "Whether gbatch --notify-email would be taken"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var eventName = invocation.Text("--event") ?? throw Invocation.Wrong("--event is missing: which event, such as job_failed?");
        JobId? job = invocation.Text("--job") is { } reference ? await invocation.JobAsync(reference, cancel) : null;
        var explained = Invocation.Need(await invocation.Client.ExplainAsync(eventName, job, invocation.Texts("--email"), cancel));
        return invocation.Answer(explained, CommandJson.Default.ExplanationView, text => Write(text, explained));
    }

    private static void Write(TextWriter text, ExplanationView explained)
    {
        foreach (var told in explained.Told)
        {
            var whom = told.Recipient is { } recipient ? $"{recipient} by {told.Target}" : told.Target;
            var wants = told.Source == "job" ? "the job asks for it" : $"its events have {explained.Event}";
            text.WriteLine(SafeText.Line($"told: {whom} ({told.Kind}; {wants}; the target is {told.Health})"));
        }

        foreach (var missed in explained.NotTold)
        {
            text.WriteLine(SafeText.Line($"not told: {missed.Recipient ?? missed.Target}: {missed.Reason}"));
        }

        if (explained.Told.Count + explained.NotTold.Count == 0)
        {
            text.WriteLine("Nobody: no targets are configured.");
        }
    }
}
