using System.Diagnostics;

namespace Gflow.Daemon.Gpus.Nvml;

/// <summary>Asks one card, on a thread of its own: a card whose driver does not return must hold up no other.</summary>
internal sealed class CardThread
{
    private readonly Bell _ask = new();
    private readonly Lock _lock = new();
    private readonly NvmlLibrary _library;
    private readonly uint _index;
    private readonly Action<ProbedCard> _read;
    private readonly Action _done;
    private long? _askedAt;
    private string? _uuid;
    private NvmlException? _failure;
    private bool _hasAnswered;

    /// <param name="read">Is given the card each time it was read.</param>
    /// <param name="done">Is called each time the card has answered, whatever it said.</param>
    public CardThread(NvmlLibrary library, uint index, Action<ProbedCard> read, Action done)
    {
        (_library, _index, _read, _done) = (library, index, read, done);
        new Thread(Run) { IsBackground = true, Name = $"card {index}" }.Start();
    }

    /// <summary>For how long an answer has been outstanding; null when none is.</summary>
    public TimeSpan? Outstanding
    {
        get
        {
            lock (_lock)
            {
                return _askedAt is { } asked ? Stopwatch.GetElapsedTime(asked) : null;
            }
        }
    }

    /// <summary>Asks, unless an answer is outstanding.</summary>
    public void Ask()
    {
        lock (_lock)
        {
            if (_askedAt is null)
            {
                _askedAt = Stopwatch.GetTimestamp();
                _ask.Ring();
            }
        }
    }

    /// <param name="patience">After which a card counts as silent.</param>
    public ProbedState State(TimeSpan patience)
    {
        lock (_lock)
        {
            return _askedAt is { } asked
                ? new ProbedState(_uuid, Stopwatch.GetElapsedTime(asked) >= patience ? ProbedState.Silent : ProbedState.Pending)
                : _failure is { } failure ? new ProbedState(_uuid, ProbedState.Failed, failure.Reason, failure.Message)
                : new ProbedState(_uuid, _hasAnswered ? ProbedState.Read : ProbedState.Pending);
        }
    }

    /// <summary>What it knew, it no longer does: cards are counted anew.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            (_uuid, _failure, _hasAnswered) = (null, null, false);
        }
    }

    private void Run()
    {
        while (true)
        {
            _ask.Wait(Timeout.InfiniteTimeSpan);
            NvmlException? failure = null;
            try
            {
                _read(_library.Read(_index, Know));
            }
            catch (NvmlException error)
            {
                failure = error;
            }

            lock (_lock)
            {
                (_failure, _hasAnswered, _askedAt) = (failure, true, null);
            }

            _done();
        }
    }

    private void Know(string uuid)
    {
        lock (_lock)
        {
            _uuid = uuid;
        }
    }
}
