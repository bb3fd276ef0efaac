using System.Text.Json;

namespace Gflow.Daemon.Gpus.Nvml;

/// <summary>Reads all cards, again and again: what <c>gflowd gpu-probe</c> does, in a process of its own.</summary>
/// <param name="say">Is given each line; from any thread, one at a time.</param>
internal sealed class GpuProbe(Action<ProbeLine> say, TimeProvider time)
{
    /// <summary>After which a card that has not answered counts as silent.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>How long a round waits for cards that take their time before it says how the others are.</summary>
    private static readonly TimeSpan RoundTime = TimeSpan.FromSeconds(2);

    /// <summary>What a thread can wait for at once.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    private readonly Lock _saying = new();
    private readonly Bell _answered = new();
    private readonly Bell _now = new();
    private List<CardThread> _cards = [];
    private NvmlLibrary? _library;
    private bool _isInitialized;

    /// <summary>Looks now, and not only when the time has come.</summary>
    public void LookNow() => _now.Ring();

    /// <summary>Looks for ever.</summary>
    public void Watch(TimeSpan interval)
    {
        while (true)
        {
            Look();
            _now.Wait(Until(interval));
        }
    }

    /// <summary>Looks once; returns when every card has answered or counts as silent.</summary>
    /// <returns>The last line about all cards.</returns>
    public ProbeLine Look()
    {
        try
        {
            _library ??= NvmlLibrary.Load();
            if (!_isInitialized)
            {
                _library.Init();
                _isInitialized = true;
            }

            Ask(_library, (int)_library.Count());
            return Say(new ProbeLine(time.GetUtcNow()) { Round = new ProbeRound(_library.Driver(), [.. _cards.Select(card => card.State(Patience))]) });
        }
        catch (NvmlException trouble)
        {
            BeginAgain();
            return Say(new ProbeLine(time.GetUtcNow()) { Trouble = new ProbeTrouble(trouble.Reason, trouble.Message) });
        }
        finally
        {
            if (_cards.Exists(card => card.State(Patience).State == ProbedState.Failed))
            {
                // A card that has come back, or a driver that was loaded again, is seen by a library that begins anew.
                BeginAgain();
            }
        }
    }

    private void Ask(NvmlLibrary library, int count)
    {
        if (_cards.Count > count)
        {
            // Threads that are not asked wait for nothing and cost nothing.
            _cards = _cards[..count];
        }

        while (_cards.Count < count)
        {
            _cards.Add(new CardThread(
                library, (uint)_cards.Count, card => Say(new ProbeLine(time.GetUtcNow()) { Card = card }), () => _answered.Ring()));
        }

        var begun = time.GetTimestamp();
        _cards.ForEach(card => card.Ask());
        while (_cards.Exists(card => card.Outstanding < Patience) && RoundTime - time.GetElapsedTime(begun) is var left && left > TimeSpan.Zero)
        {
            _answered.Wait(left);
        }
    }

    private void BeginAgain()
    {
        if (_isInitialized && _cards.TrueForAll(card => card.Outstanding is null))
        {
            _isInitialized = false;
            _library!.Shutdown();
            _cards.ForEach(card => card.Forget());
        }
    }

    /// <summary>The time until the next look: sooner where a card is about to count as silent.</summary>
    private TimeSpan Until(TimeSpan interval)
    {
        var soonest = interval < LongestPause ? interval : LongestPause;
        foreach (var outstanding in _cards.Select(card => card.Outstanding).OfType<TimeSpan>().Where(outstanding => outstanding < Patience))
        {
            soonest = soonest < Patience - outstanding ? soonest : Patience - outstanding;
        }

        return soonest + TimeSpan.FromMilliseconds(1);
    }

    private ProbeLine Say(ProbeLine line)
    {
        lock (_saying)
        {
            say(line);
        }

        return line;
    }

    /// <summary>A line as it is written.</summary>
    public static byte[] Bytes(ProbeLine line) => [.. JsonSerializer.SerializeToUtf8Bytes(line, ProbeJson.Default.ProbeLine), (byte)'\n'];
}
