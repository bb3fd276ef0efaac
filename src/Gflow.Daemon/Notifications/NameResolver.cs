using System.Net;
using System.Net.Sockets;

namespace Gflow.Daemon.Notifications;

/// <summary>Finds the addresses of a host.</summary>
internal interface INameResolver
{
    /// <param name="host">A name, or an address in any of its forms.</param>
    /// <returns>At least one address, in the order to try them.</returns>
    /// <exception cref="SocketException">There is no such host, or nobody could say.</exception>
    /// <exception cref="OperationCanceledException">The answer did not come in time.</exception>
    Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken ct);
}

/// <summary>
/// Asks the system. Its look-ups cannot be cancelled and may hang for minutes, so each has a thread of its own, and not one of the
/// pool that everything else needs; whoever asks for a host that is being looked up waits for the same answer.
/// </summary>
internal sealed class SystemNameResolver(Func<string, IPAddress[]> lookUp) : INameResolver
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Task<IReadOnlyList<IPAddress>>> _running = new(StringComparer.OrdinalIgnoreCase);

    public SystemNameResolver()
        : this(Dns.GetHostAddresses)
    {
    }

    public Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken ct)
    {
        if (ct.IsCancellationRequested)
        {
            return Task.FromCanceled<IReadOnlyList<IPAddress>>(ct);
        }

        if (IPAddress.TryParse(host, out var written))
        {
            return Task.FromResult<IReadOnlyList<IPAddress>>([written]);
        }

        lock (_gate)
        {
            if (!_running.TryGetValue(host, out var answer))
            {
                var source = new TaskCompletionSource<IReadOnlyList<IPAddress>>(TaskCreationOptions.RunContinuationsAsynchronously);
                _running.Add(host, answer = source.Task);
                new Thread(() => LookUp(host, source)) { IsBackground = true, Name = "name look-up" }.UnsafeStart();
            }

            return answer.WaitAsync(ct);
        }
    }

    private void LookUp(string host, TaskCompletionSource<IReadOnlyList<IPAddress>> source)
    {
        IReadOnlyList<IPAddress>? found = null;
        Exception? failure = null;
        try
        {
            found = lookUp(host);
        }
#pragma warning disable CA1031 // Whatever it is, it is for those who wait for the answer; here it would end the process.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            // A name that can be no host, too long for instance, is a name without addresses.
            failure = exception is ArgumentException ? new SocketException((int)SocketError.HostNotFound) : exception;
        }

        lock (_gate)
        {
            _running.Remove(host);
        }

        if (found is { Count: > 0 })
        {
            source.SetResult(found);
            return;
        }

        source.SetException(failure ?? new SocketException((int)SocketError.HostNotFound));

        // Seen, although nobody may be left to wait for it.
        _ = source.Task.Exception;
    }
}
