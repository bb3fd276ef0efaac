namespace Gflow.Daemon.Gpus.Nvml;

/// <summary>Rung by any thread, and heard once by one that waits.</summary>
internal sealed class Bell
{
    private readonly object _gate = new();
    private bool _isRung;

    public void Ring()
    {
        lock (_gate)
        {
            _isRung = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Waits until it is rung, or for so long.</summary>
    public void Wait(TimeSpan patience)
    {
        lock (_gate)
        {
            if (!_isRung)
            {
                _ = Monitor.Wait(_gate, patience);
            }

            _isRung = false;
        }
    }
}
