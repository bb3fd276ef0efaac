using Gflow.Client;
using Gflow.Core.Contracts;

namespace Gflow.Cli.Gctl.Notify;

/// <summary>The same action on several deliveries.</summary>
internal static class DeliveryActions
{
    /// <param name="done">What to say of a success.</param>
    internal static Task<int> RunAsync(
        Invocation invocation, IReadOnlyList<long> ids, Func<long, Task<ClientResult<DeliveryAction>>> act, Func<long, string> done) =>
        EachAction.RunAsync(invocation, ids, act, (_, failure) => failure.Message, (id, _) => done(id), (row, answer) => row["state"] = answer.State);
}
