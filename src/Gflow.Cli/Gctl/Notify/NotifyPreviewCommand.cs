using Gflow.Client.CommandLine;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Cli.Gctl.Notify;

/// <summary><c>gctl notify preview</c>: a message as it would be sent.</summary>
internal static class NotifyPreviewCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "preview",
        Summary = "Show the headers and the body that a target would be sent; sends nothing",
        Notes =
        [
            "Made by the code that sends. What may be a secret is shown as ***: the path of an address, the values of configured headers, signatures. With --job it is the event as it was told, if it has happened.",
        ],
        Words = NotifyCommand.Target,
        Options = [new("--event", [], "EVENT", "The event, such as job_failed; must be given"), new("--job", [], "JOB", "The job it would be about")],
        Examples =
        [
            new("gctl notify preview ops --event job_failed", "With an invented job"),
            new("gctl notify preview lab --event job_completed --job 42", "What somebody's mail looks like"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var eventName = invocation.Text("--event") ?? throw Invocation.Wrong("--event is missing: which event, such as job_failed?");
        JobId? job = invocation.Text("--job") is { } reference ? await invocation.JobAsync(reference, cancel) : null;
        var preview = Invocation.Need(await invocation.Client.PreviewAsync(NotifyCommand.TargetName(invocation), eventName, job, cancel));
        return invocation.Answer(preview, CommandJson.Default.PreviewView, text =>
        {
            text.WriteLine(SafeText.Line(preview.Request));
            foreach (var header in preview.Headers)
            {
                text.WriteLine(SafeText.Line($"{header.Name}: {header.Value}"));
            }

            text.WriteLine();
            text.WriteLine(SafeText.Lines(preview.Body.TrimEnd('\n')));
        });
    }
}
