namespace Gflow.Daemon.Engine;

/// <summary>Notes in the database now and then that the daemon is alive, in whatever commit comes along, for other machines that may look at it.</summary>
internal sealed class Heartbeat : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly ITimer _timer;

    public Heartbeat(Func<EngineCommand, ValueTask> tell, TimeProvider time) =>
        _timer = time.CreateTimer(_ => tell(new EngineHeartbeat()).AsTask(), null, Period, Period);

    public void Dispose() => _timer.Dispose();
}
