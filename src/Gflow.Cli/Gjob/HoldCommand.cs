using Gflow.Cli.Groups;
namespace Gflow.Cli.Gjob;

/// <summary><c>gjob hold</c>: keeps queued jobs from starting.</summary>
internal static class HoldCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "hold",
        Aliases = ["h"],
        Summary = "Keep queued jobs from starting until they are released",
        Words = GjobCommand.Jobs,
        Examples = [new("gjob hold 42", "Hold one job"), new("gjob hold 7,9-12", "Hold several; each is tried")],
        Run = (invocation, cancel) => GroupActions.RunAsync(
            invocation, "hold", "held", id => invocation.Client.HoldAsync(id, cancel), id => $"Job {id} put on hold.", cancel),
    };
}
