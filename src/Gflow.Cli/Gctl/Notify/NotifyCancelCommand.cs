namespace Gflow.Cli.Gctl.Notify;

/// <summary><c>gctl notify cancel</c>: what waits is not sent.</summary>
internal static class NotifyCancelCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "cancel",
        Summary = "Give up deliveries that wait",
        Notes = ["One that is being sent at that moment may arrive all the same; it is shown as delivered then. What is over is refused."],
        Words = NotifyCommand.Deliveries,
        Examples = [new("gctl notify cancel 12", "Give up one"), new("gctl notify cancel 7,9-12", "Give up several")],
        Run = (invocation, cancel) => DeliveryActions.RunAsync(
            invocation, NotifyCommand.Ids(invocation), id => invocation.Client.CancelDeliveryAsync(id, cancel), id => $"Delivery {id} cancelled."),
    };
}
