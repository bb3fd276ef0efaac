using System.Threading.Channels;

namespace Gflow.Daemon.Engine;

/// <summary>
/// What waits for the writer. News of the machine come first; users take turns, one request each, so that whoever has asked for much
/// keeps others waiting for one request of his and not for all.
/// </summary>
internal sealed class CommandQueue
{
    private const int MostUnsorted = 4096;

    private readonly Channel<EngineCommand> _handedIn = Channel.CreateBounded<EngineCommand>(new BoundedChannelOptions(MostUnsorted) { SingleReader = true });
    private readonly Queue<EngineCommand> _news = [];
    private readonly Dictionary<uint, Queue<EngineCommand>> _asked = [];
    private readonly Queue<uint> _turns = [];

    private bool IsEmpty => _news.Count == 0 && _turns.Count == 0;

    /// <exception cref="ChannelClosedException">The engine stops.</exception>
    public ValueTask AddAsync(EngineCommand command, CancellationToken ct = default) => _handedIn.Writer.WriteAsync(command, ct);

    /// <summary>Adds one that is of no use once others are there.</summary>
    public void TryAdd(EngineCommand command) => _handedIn.Writer.TryWrite(command);

    /// <summary>Takes no more in; what is there can be taken.</summary>
    public void Complete() => _handedIn.Writer.TryComplete();

    /// <summary>Waits for something to take.</summary>
    /// <returns>False when nothing will come any more.</returns>
    public ValueTask<bool> WaitAsync() => IsEmpty ? _handedIn.Reader.WaitToReadAsync() : ValueTask.FromResult(true);

    /// <summary>Takes what is next, until it is about so much work.</summary>
    public void TakeInto(List<EngineCommand> batch, int work)
    {
        Sort();
        var left = work - batch.Sum(command => command.Work);
        while (left > 0 && Next() is { } command)
        {
            batch.Add(command);
            left -= command.Work;
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
                _turns.Enqueue(user);
            }
        }
    }

    private EngineCommand? Next()
    {
        if (_news.TryDequeue(out var news))
        {
            return news;
        }

        if (!_turns.TryDequeue(out var user))
        {
            return null;
        }

        var his = _asked[user];
        var command = his.Dequeue();
        if (his.Count > 0)
        {
            _turns.Enqueue(user);
        }
        else
        {
            _asked.Remove(user);
        }

        return command;
    }
}
