using Gflow.Client;
using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Cli.Gctl.Notify;

/// <summary><c>gctl notify pause</c> and <c>resume</c>: whether anything goes to a target.</summary>
internal static class NotifyPauseCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "pause",
        Summary = "Send nothing to a target until it is resumed",
        Notes = ["What is for it waits meanwhile, also over restarts of the daemon. None of it is given up for that: from the resume on it has 24 hours again."],
        Words = NotifyCommand.Target,
        Examples = [new("gctl notify pause ops", "Before work on its server")],
        Run = (invocation, cancel) => RunAsync(invocation, name => invocation.Client.PauseTargetAsync(name, cancel), "is paused; what is for it waits."),
    };

    internal static CommandSpec MakeResume() => new()
    {
        Name = "resume",
        Summary = "Send to a target again",
        Notes = ["Also tries a target at once that is stopped, or that said it is gone (410)."],
        Words = NotifyCommand.Target,
        Examples = [new("gctl notify resume ops", "After work on its server")],
        Run = (invocation, cancel) => RunAsync(invocation, name => invocation.Client.ResumeTargetAsync(name, cancel), "is sent to."),
    };

    private static async Task<int> RunAsync(Invocation invocation, Func<string, Task<ClientResult<TargetAction>>> act, string done)
    {
        var action = Invocation.Need(await act(NotifyCommand.TargetName(invocation)));
        return invocation.Answer(action, CommandJson.Default.TargetAction, text => text.WriteLine($"{SafeText.Line(action.Name)} {done}"));
    }
}
