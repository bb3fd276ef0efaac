using Gflow.Client.Platform;

namespace Gflow.Daemon.Platform;

/// <summary>
/// Says what users are called without anybody waiting for another's name. A machine's name service may hang for minutes and cannot be
/// interrupted, so each question has a thread that nothing else needs, all who ask the same share it, and what was answered is kept.
/// </summary>
/// <param name="lookUp">Asks the machine, for as long as that takes; null for a user it does not know.</param>
internal sealed class AccountDirectory(Func<uint, Account?> lookUp, TimeProvider time)
{
    /// <summary>So many questions can hang; those beyond wait until one is answered.</summary>
    private const int MostThreads = 64;

    /// <summary>Answers kept at most: more than a machine has users. Made-up ones go first.</summary>
    private const int MostKept = 16_384;

    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    /// <summary>A user may be added any moment.</summary>
    private static readonly TimeSpan FreshUnknown = TimeSpan.FromSeconds(5);

    /// <summary>A uid may have been given to another user meanwhile, so a new answer is worth a moment, if there is one.</summary>
    private static readonly TimeSpan RenewalPatience = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private readonly Dictionary<uint, Answer> _kept = [];
    private readonly Dictionary<uint, Question> _asked = [];
    private readonly Queue<Question> _waiting = new();
    private int _threads;

    /// <summary>What was last heard of a user; null when nothing was.</summary>
    public Account? Known(uint uid)
    {
        lock (_gate)
        {
            return uid == Account.Own.Uid ? Account.Own : _kept.GetValueOrDefault(uid)?.Account;
        }
    }

    /// <summary>The account with this uid; one made up of the number where the machine knows none.</summary>
    /// <param name="patience">How long the question may have been asked, by whomever; null to wait as long as it takes.</param>
    /// <returns>Null when nobody has said in time.</returns>
    public ValueTask<Account?> OfAsync(uint uid, TimeSpan? patience, CancellationToken ct)
    {
        if (uid == Account.Own.Uid)
        {
            return new(Account.Own);
        }

        Account? old;
        Question question;
        lock (_gate)
        {
            var kept = _kept.GetValueOrDefault(uid);
            if (kept is not null && time.GetElapsedTime(kept.Since) < (kept.IsMadeUp ? FreshUnknown : Fresh))
            {
                return new(kept.Account);
            }

            // Who was unknown may be somebody by now: that is no answer to serve anybody with.
            old = kept is { IsMadeUp: false } ? kept.Account : null;
            question = Ask_NeedsGate(uid);
        }

        return new(HearAsync(question, old is null ? patience : RenewalPatience, old, ct));
    }

    private async Task<Account?> HearAsync(Question question, TimeSpan? patience, Account? old, CancellationToken ct)
    {
        var answer = question.Heard.Task;
        if (patience is { } most && !answer.IsCompleted)
        {
            var left = most - time.GetElapsedTime(question.Since);
            if (left <= TimeSpan.Zero)
            {
                return old;
            }

            try
            {
                return await answer.WaitAsync(left, time, ct) ?? old;
            }
            catch (TimeoutException)
            {
                return old;
            }
        }

        return await answer.WaitAsync(ct) ?? old;
    }

    private Question Ask_NeedsGate(uint uid)
    {
        if (_asked.TryGetValue(uid, out var question))
        {
            return question;
        }

        _asked.Add(uid, question = new Question(uid, time.GetTimestamp()));
        if (_threads == MostThreads)
        {
            _waiting.Enqueue(question);
        }
        else
        {
            _threads++;
            new Thread(() => Work(question)) { IsBackground = true, Name = "account look-up" }.UnsafeStart();
        }

        return question;
    }

    private void Work(Question first)
    {
        for (var question = first; question is not null;)
        {
            Account? found = null;
            var isUnknown = false;
            try
            {
                found = lookUp(question.Uid);
                isUnknown = found is null;
            }
            catch (IOException)
            {
                // Nobody could say; what was known before stands, and whoever asks next asks again.
            }

            var account = found ?? (isUnknown ? Account.Unnamed(question.Uid) : null);
            Question? next;
            lock (_gate)
            {
                _asked.Remove(question.Uid);
                if (account is not null)
                {
                    Keep_NeedsGate(new Answer(account, isUnknown, time.GetTimestamp()));
                }

                if (!_waiting.TryDequeue(out next))
                {
                    _threads--;
                }
            }

            question.Heard.SetResult(account);
            question = next;
        }
    }

    private void Keep_NeedsGate(Answer answer)
    {
        if (_kept.Count >= MostKept)
        {
            foreach (var (uid, _) in _kept.Where(kept => kept.Value.IsMadeUp).ToList())
            {
                _kept.Remove(uid);
            }
        }

        _kept[answer.Account.Uid] = answer;
    }

    private sealed record Answer(Account Account, bool IsMadeUp, long Since);

    private sealed record Question(uint Uid, long Since)
    {
        /// <summary>Null when nobody could say.</summary>
        public TaskCompletionSource<Account?> Heard { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
