using Gflow.Core.Events;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications;

/// <summary>Who waits for a lane: until it has seen to what came before, or until its target was told that the daemon goes. Belongs to its loop.</summary>
internal sealed class LaneWaits
{
    private readonly List<TaskCompletionSource> _forAll = [];
    private readonly List<TaskCompletionSource> _forFarewell = [];
    private int _farewells;

    public void ForAll(TaskCompletionSource seenTo) => _forAll.Add(seenTo);

    public void ForFarewell(TaskCompletionSource told) => _forFarewell.Add(told);

    /// <summary>Deliveries came.</summary>
    public void Arrived(IReadOnlyList<DeliveryRow> rows) => _farewells += rows.Count(row => row.Type == EventType.SchedulerOffline);

    /// <summary>An attempt is over.</summary>
    public void Tried(DeliveryRow row) => _farewells -= row.Type == EventType.SchedulerOffline && _farewells > 0 ? 1 : 0;

    /// <summary>The loop has been through what came.</summary>
    /// <param name="isSentTo">Whether the target is told anything now.</param>
    public void Looked(bool isSentTo)
    {
        Complete(_forAll);
        if (_farewells == 0 || !isSentTo)
        {
            Complete(_forFarewell);
        }
    }

    private static void Complete(List<TaskCompletionSource> waiting)
    {
        waiting.ForEach(static one => one.TrySetResult());
        waiting.Clear();
    }
}
