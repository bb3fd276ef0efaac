using Gflow.Client;
using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Cli.Gctl.Notify;

/// <summary><c>gctl notify pause</c>, <c>resume</c> and <c>enable</c>: whether anything goes to a target.</summary>
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
        Notes = ["Also tries a target at once that is stopped. One that said it is gone (410) is taken up again by enable."],
        Words = NotifyCommand.Target,
        Examples = [new("gctl notify resume ops", "After work on its server")],
        Run = (invocation, cancel) => RunAsync(invocation, name => invocation.Client.ResumeTargetAsync(name, cancel), "is sent to."),
    };

    internal static CommandSpec MakeEnable() => new()
    {
        Name = "enable",
        Summary = "Try a target again that said it is gone (410)",
        Notes = ["A target that answered 410 is told nothing more until somebody enables it, or gives it another address, or the daemon is started again. What waits for it is tried at once; when it answers 410 again, it is disabled again."],
        Words = NotifyCommand.Target,
        Examples = [new("gctl notify enable chat", "After its web hook was made again")],
        Run = (invocation, cancel) => RunAsync(invocation, name => invocation.Client.EnableTargetAsync(name, cancel), "is tried again."),
    };

    private static async Task<int> RunAsync(Invocation invocation, Func<string, Task<ClientResult<TargetAction>>> act, string done)
    {
        var action = Invocation.Need(await act(NotifyCommand.TargetName(invocation)));
        return invocation.Answer(action, CommandJson.Default.TargetAction, text => text.WriteLine($"{SafeText.Line(action.Name)} {done}"));
    }
}
