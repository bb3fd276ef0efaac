using Gflow.Core.Contracts;
using Gflow.Core.Notifications;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Notifications;

namespace Gflow.Tests.TestKit;

/// <summary>A sink without a network: it notes what it is given and gives the outcome it is told to.</summary>
internal sealed class FakeSink(Func<OutgoingMessage, CancellationToken, Task<DeliveryOutcome>>? send = null) : INotificationSink
{
    /// <summary>Every attempt with its outcome, in the order in which they ended.</summary>
    public ReceivedItems<(OutgoingMessage Message, DeliveryOutcome Outcome)> Attempts { get; } = new();

    public bool Disposed { get; private set; }

    public static FakeSink Answering(Func<OutgoingMessage, DeliveryOutcome> outcome) => new((message, _) => Task.FromResult(outcome(message)));

    public ReadOnlyMemory<byte> Render(OutgoingMessage message) => message.Payload;

    public async Task<DeliveryOutcome> SendAsync(OutgoingMessage message, ReadOnlyMemory<byte> body, AttemptDeadline deadline)
    {
        var outcome = send is null ? new DeliveryOutcome.Delivered(200) : await send(message, deadline.Token);
        Attempts.Add((message, outcome));
        return outcome;
    }

    public PreviewView Preview(OutgoingMessage message) => throw new NotSupportedException();

    public Task<ReachedTarget> ReachAsync(CancellationToken deadline) => throw new NotSupportedException();

    public ValueTask DisposeAsync()
    {
        Disposed = true;
        return ValueTask.CompletedTask;
    }
}
