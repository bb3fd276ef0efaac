using System.Threading.Channels;

namespace Gflow.Daemon.Engine;

/// <summary>
/// What waits for the writer. News of the machine come first, then whoever has not waited yet; the others take turns, one request each.
/// Whoever has asked for much keeps nobody waiting but himself.
/// </summary>
internal sealed class CommandQueue
{
    private const int MostUnsorted = 4096;

    private readonly Channel<EngineCommand> _handedIn = Channel.CreateBounded<EngineCommand>(new BoundedChannelOptions(MostUnsorted) { SingleReader = true });
    private readonly Queue<EngineCommand> _news = [];
    private readonly Dictionary<uint, Queue<EngineCommand>> _asked = [];
    private readonly Queue<uint> _newcomers = [];
    private readonly Queue<uint> _turns = [];

    private bool IsEmpty => _news.Count == 0 && _asked.Count == 0;

    /// <exception cref="ChannelClosedException">The engine stops.</exception>
    public ValueTask AddAsync(EngineCommand command, CancellationToken ct = default) => _handedIn.Writer.WriteAsync(command, ct);

    /// <summary>Adds one that is of no use once others are there.</summary>
    public void TryAdd(EngineCommand command) => _handedIn.Writer.TryWrite(command);

    /// <summary>Takes no more in; what is there can be taken.</summary>
    public void Complete() => _handedIn.Writer.TryComplete();

    /// <summary>Waits for something to take.</summary>
    /// <returns>False when nothing will come any more.</returns>
    public ValueTask<bool> WaitAsync() => IsEmpty ? _handedIn.Reader.WaitToReadAsync() : ValueTask.FromResult(true);

    /// <summary>Takes what is next, until it is about so much work. What is more by itself is taken alone, so that nobody waits for it to be done with his own.</summary>
    public void TakeInto(List<EngineCommand> batch, int work)
    {
        Sort();
        var left = work - batch.Sum(command => command.Work);
        while (left > 0 && Next() is { } from && from.Peek() is var command && (command.Work <= left || batch.Count == 0))
        {
            batch.Add(command);
            left -= command.Work;
            Remove(from);
        }
    }

    private void Sort()
    {
        while (_handedIn.Reader.TryRead(out var command))
        {
            if (command.User is not { } user)
            {
                _news.Enqueue(command);
            }
            else if (_asked.TryGetValue(user, out var his))
            {
                his.Enqueue(command);
            }
            else
            {
                _asked[user] = new([command]);
                _newcomers.Enqueue(user);
            }
        }
    }

    /// <returns>The line that is to move; null when none is there.</returns>
    private Queue<EngineCommand>? Next() => _news.Count > 0 ? _news
        : (_newcomers.Count > 0 ? _newcomers : _turns).TryPeek(out var user) ? _asked[user]
        : null;

    private void Remove(Queue<EngineCommand> from)
    {
        from.Dequeue();
        if (from == _news)
        {
            return;
        }

        var user = (_newcomers.Count > 0 ? _newcomers : _turns).Dequeue();
        if (from.Count > 0)
        {
            _turns.Enqueue(user);
        }
        else
        {
            _asked.Remove(user);
        }
    }
}
