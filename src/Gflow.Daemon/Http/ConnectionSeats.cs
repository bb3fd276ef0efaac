using Microsoft.AspNetCore.Connections;

namespace Gflow.Daemon.Http;

/// <summary>
/// How many connections there may be, and how many of one user's. Who has all of his gives up the one on which nothing has been asked for
/// longest, so that nobody can keep others out, nor himself, by connections that he leaves lying.
/// </summary>
/// <param name="all">Connections in all; a fourth of them for each user, unless less is set.</param>
/// <param name="ofOne">What is set now for each user; null for nothing.</param>
internal sealed class ConnectionSeats(int all, Func<int?> ofOne)
{
    /// <summary>Enough for everybody, at some 12 KiB each.</summary>
    private const int Most = 8192;

    /// <summary>What the kernel could not say whose it is counts as one user's.</summary>
    private const long Nobody = -1;

    private readonly Lock _gate = new();
    private readonly Dictionary<long, LinkedList<Seat>> _taken = [];
    private int _count;

    /// <param name="files">Files that the process may have open; as many again are left to the daemon, and to logs that are read.</param>
    public static ConnectionSeats For(int files, Func<int?> ofOne) => new(Math.Min(files / 2, Most), ofOne);

    /// <summary>Gives each connection its seat; the peer is known by then.</summary>
    public Func<ConnectionDelegate, ConnectionDelegate> AtAccept => next => async connection =>
    {
        if (Take(connection) is not { } seat)
        {
            connection.Abort();
            return;
        }

        connection.Features.Set(seat);
        try
        {
            await next(connection);
        }
        finally
        {
            Leave(seat);
        }
    };

    /// <summary>Marks a connection as used while a request on it is answered.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var seat = context.Features.Get<Seat>()!;
        Use(seat, busy: true);
        try
        {
            await next(context);
        }
        finally
        {
            Use(seat, busy: false);
        }
    }

    /// <returns>Null when every seat that it could have is in use.</returns>
    private Seat? Take(ConnectionContext connection)
    {
        var seat = new Seat(connection.Features.Get<Peer>()?.Uid ?? Nobody, connection);
        var most = Math.Max(1, Math.Min(ofOne() ?? int.MaxValue, all / 4));
        Seat? idle = null;
        lock (_gate)
        {
            var own = Of(seat.User);
            if (own.Count >= most || _count >= all)
            {
                idle = (own.Count >= most ? own : _taken.Values.MaxBy(seats => seats.Count)!).FirstOrDefault(other => !other.Busy);
                if (idle is null)
                {
                    return null;
                }

                Remove(idle);
                own = Of(seat.User);
            }

            own.AddLast(seat.Place);
            _count++;
        }

        idle?.Connection.Abort();
        return seat;
    }

    /// <summary>The one asked last moves to the end.</summary>
    private void Use(Seat seat, bool busy)
    {
        lock (_gate)
        {
            seat.Busy = busy;
            if (seat.Place.List is { } own)
            {
                own.Remove(seat.Place);
                own.AddLast(seat.Place);
            }
        }
    }

    private void Leave(Seat seat)
    {
        lock (_gate)
        {
            if (seat.Place.List is not null)
            {
                Remove(seat);
            }
        }
    }

    private LinkedList<Seat> Of(long user)
    {
        if (!_taken.TryGetValue(user, out var own))
        {
            _taken[user] = own = [];
        }

        return own;
    }

    private void Remove(Seat seat)
    {
        var own = seat.Place.List!;
        own.Remove(seat.Place);
        _count--;
        if (own.Count == 0)
        {
            _taken.Remove(seat.User);
        }
    }

    private sealed class Seat
    {
        public Seat(long user, ConnectionContext connection)
        {
            User = user;
            Connection = connection;
            Place = new(this);
        }

        public long User { get; }

        public ConnectionContext Connection { get; }

        public LinkedListNode<Seat> Place { get; }

        public bool Busy { get; set; }
    }
}
