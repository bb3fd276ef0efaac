using Gflow.Cli.Groups;
namespace Gflow.Cli.Gjob;

/// <summary><c>gjob release</c>: lets held jobs start again.</summary>
internal static class ReleaseCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "release",
        Aliases = ["r"],
        Summary = "Let held jobs start again",
        Words = GjobCommand.Jobs,
        NotAvailable = [new("release it then, by cron or at(1): echo \"gjob release 42\" | at 22:00", "--at")],
        Examples = [new("gjob release 42", "Release one job"), new("gjob release 7,9-12", "Release several; each is tried")],
        Run = (invocation, cancel) => GroupActions.RunAsync(
            invocation, "release", "released", id => invocation.Client.ReleaseAsync(id, cancel), id => $"Job {id} released back to queue.", cancel),
    };
}
