using Gflow.Core.Notifications;

namespace Gflow.Daemon.Notifications.Email;

/// <summary>
/// The connections to one mail server: a few at once, each kept a while for the next mail, so that a burst of mails costs few
/// handshakes and few logins.
/// </summary>
/// <param name="create">Makes a connection that is not open yet.</param>
internal sealed class SmtpPool(Func<SmtpConnection> create, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Connections in use at once; others wait. Many servers count them.</summary>
    public const int MostInUse = 2;

    /// <summary>Shorter than any server's patience that is worth the name.</summary>
    public static readonly TimeSpan LongestIdle = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim _places = new(MostInUse);
    private readonly Lock _gate = new();
    private readonly List<Idle> _idle = [];

    /// <summary>Waits until a connection may be used. The place belongs to whoever asked, until he gives it back.</summary>
    /// <exception cref="OperationCanceledException">It did not come to that in time.</exception>
    public async Task<Place> ReserveAsync(CancellationToken cancel)
    {
        await _places.WaitAsync(cancel);
        return new Place(_places);
    }

    /// <summary>Gives an idle connection where there is one, else one that is not open yet; to be called with a place.</summary>
    public SmtpConnection Take()
    {
        Idle last;
        lock (_gate)
        {
            if (_idle.Count == 0)
            {
                return create();
            }

            // The last one in is the first one out, so that a connection that is not needed stays idle and is closed.
            last = _idle[^1];
            _idle.RemoveAt(_idle.Count - 1);
        }

        last.Timer.Dispose();
        return last.Connection;
    }

    /// <summary>Ends a connection that turned out to be dead and gives one that is not open yet in its place.</summary>
    public SmtpConnection Replace(SmtpConnection dead)
    {
        dead.Dispose();
        return create();
    }

    /// <summary>Keeps the connection for another mail or closes it, without keeping the caller waiting.</summary>
    /// <param name="outcome">Of the mail it was taken for; null when that was cut off in the middle.</param>
    public void GiveBack(Place place, SmtpConnection connection, DeliveryOutcome? outcome)
    {
        if (outcome is null)
        {
            connection.Dispose();
            place.Dispose();
        }
        else if (connection.MayServeAgain(outcome))
        {
            Keep(connection);
            place.Dispose();
        }
        else
        {
            // It counts until the server has let it go.
            _ = CloseAsync();
        }

        async Task CloseAsync()
        {
            try
            {
                await connection.CloseAsync();
            }
            finally
            {
                place.Dispose();
            }
        }
    }

    /// <summary>Waits for connections in use to be given back, and closes them all.</summary>
    public async ValueTask DisposeAsync()
    {
        for (var place = 0; place < MostInUse; place++)
        {
            await _places.WaitAsync();
        }

        Idle[] rest;
        lock (_gate)
        {
            rest = [.. _idle];
            _idle.Clear();
        }

        await Task.WhenAll(rest.Select(idle =>
        {
            idle.Timer.Dispose();
            return idle.Connection.CloseAsync();
        }));
        _places.Dispose();
    }

    private void Keep(SmtpConnection connection)
    {
        lock (_gate)
        {
            var idle = new Idle(connection);
            idle.Timer = time.CreateTimer(_ => Expire(idle), null, LongestIdle, Timeout.InfiniteTimeSpan);
            _idle.Add(idle);
        }
    }

    private void Expire(Idle idle)
    {
        lock (_gate)
        {
            if (!_idle.Remove(idle))
            {
                return;
            }
        }

        idle.Timer.Dispose();
        _ = idle.Connection.CloseAsync();
    }

    /// <summary>The right to use one connection.</summary>
    internal sealed class Place(SemaphoreSlim places) : IDisposable
    {
        private int _givenBack;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _givenBack, 1) == 0)
            {
                places.Release();
            }
        }
    }

    private sealed class Idle(SmtpConnection connection)
    {
        public SmtpConnection Connection => connection;

        public ITimer Timer { get; set; } = null!;
    }
}
