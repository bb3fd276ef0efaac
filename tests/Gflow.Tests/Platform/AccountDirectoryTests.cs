using System.Collections.Concurrent;
using Gflow.Client.Platform;
using Gflow.Daemon.Platform;
using Gflow.Tests.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace Gflow.Tests.Platform;

/// <summary>What users are called, as a name service says it that hangs, fails and forgets.</summary>
public sealed class AccountDirectoryTests : IDisposable
{
    private const uint Slow = 5_000_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();
    private readonly ConcurrentQueue<uint> _asked = new();
    private readonly ManualResetEventSlim _gate = new();
    private readonly AccountDirectory _directory;
    private Func<uint, Account?> _answer = uid => Called(uid, "somebody");

    public AccountDirectoryTests() => _directory = new(LookUp, _time);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_is_kept_for_a_minute_and_then_asked_for_again()
    {
        Assert.Equal("somebody", await NameAsync(7));
        _answer = uid => Called(uid, "another");
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal("somebody", await NameAsync(7));
        Assert.Single(_asked);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("another", await NameAsync(7));
    }

    [Fact]
    public async Task Who_was_known_is_served_while_the_name_service_hangs_or_fails()
    {
        Assert.Equal("somebody", await NameAsync(Slow + 1));
        _time.Advance(TimeSpan.FromMinutes(5));
        _answer = _ => throw new IOException("down");
        Assert.Equal("somebody", await NameAsync(Slow + 1));
        _answer = Hang;
        var again = NameAsync(Slow + 1);
        await AdvanceUntilAsync(again);
        Assert.Equal("somebody", await again);

        // The same question still hangs: nobody waits for it a second time.
        var asked = _asked.Count;
        Assert.Equal("somebody", await NameAsync(Slow + 1));
        Assert.Equal(asked, _asked.Count);
    }

    [Fact]
    public async Task A_question_that_hangs_is_asked_once_and_keeps_nobody_else_waiting()
    {
        _answer = uid => uid == Slow ? Hang(uid) : Called(uid, "somebody");
        var waiting = Enumerable.Range(0, 500).Select(_ => NameAsync(Slow)).ToList();
        for (var uid = 1u; uid <= 100; uid++)
        {
            Assert.Equal("somebody", await NameAsync(uid));
        }

        Assert.Single(_asked, uid => uid == Slow);
        Assert.All(waiting, answer => Assert.False(answer.IsCompleted));
        _gate.Set();
        Assert.All(await Task.WhenAll(waiting), name => Assert.Equal("late", name));
    }

    [Fact]
    public async Task Patience_is_that_of_the_question_and_not_of_each_who_asks_it()
    {
        _answer = Hang;
        var first = NameAsync(Slow);
        await AdvanceUntilAsync(first);
        Assert.Null(await first);
        Assert.Null(await NameAsync(Slow));
        _gate.Set();
        Assert.Equal("late", (await _directory.OfAsync(Slow, null, Ct))!.Name);
    }

    [Fact]
    public async Task Who_is_unknown_gets_his_number_for_a_name_and_is_asked_for_again_soon()
    {
        _answer = _ => null;
        Assert.Equal("uid:7", await NameAsync(7));
        _answer = uid => Called(uid, "new");
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal("new", await NameAsync(7));

        // A number that stood for nobody is no name to fall back on.
        _answer = _ => null;
        Assert.Equal("uid:8", await NameAsync(8));
        _time.Advance(TimeSpan.FromSeconds(6));
        _answer = _ => throw new IOException("down");
        Assert.Null(await NameAsync(8));
    }

    [Fact]
    public async Task However_many_questions_hang_there_are_so_many_threads_and_all_are_answered()
    {
        _answer = Hang;
        var waiting = Enumerable.Range(0, 200).Select(i => _directory.OfAsync(Slow + (uint)i, null, Ct).AsTask()).ToList();
        await Until.TrueAsync(() => _asked.Count == 64);
        Assert.All(waiting, answer => Assert.False(answer.IsCompleted));
        _gate.Set();
        Assert.Equal(Enumerable.Range(0, 200).Select(i => Slow + (uint)i), (await Task.WhenAll(waiting)).Select(account => account!.Uid));
    }

    [Fact]
    public async Task The_own_user_is_never_asked_for()
    {
        _answer = Hang;
        Assert.Equal(Account.Own, await _directory.OfAsync(Account.Own.Uid, Patience, Ct));
        Assert.Empty(_asked);
    }

    public void Dispose()
    {
        _gate.Set();
        _gate.Dispose();
    }

    private static Account Called(uint uid, string name) => new(uid, name, $"/home/{name}", "/bin/sh");

    private Account? LookUp(uint uid)
    {
        _asked.Enqueue(uid);
        return _answer(uid);
    }

    private Account Hang(uint uid)
    {
        _gate.Wait(CancellationToken.None);
        return Called(uid, "late");
    }

    private async Task<string?> NameAsync(uint uid) => (await _directory.OfAsync(uid, Patience, Ct))?.Name;

    private Task AdvanceUntilAsync(Task answered) => Until.TrueAsync(() => answered.IsCompleted, _time);
}
