using Gflow.Core.Events;
using Gflow.Core.Jobs;
using Gflow.Core.Reservations;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Engine;

/// <summary>What goes into one transaction: the effects of many commands, and of the plan that follows them.</summary>
internal sealed class EngineBatch(Board before, JobPolicy policy, SqliteConnection writer, AnswerTable answers, DateTimeOffset now)
{
    // By hash: the jobs of one submitter usually come with the same environment.
    private readonly Dictionary<string, byte[]> _contents = [];
    private readonly List<Settlement> _settlements = [];
    private readonly List<Event> _events = [];
    private readonly Dictionary<(uint Uid, string Key), FirstAnswer> _answers = [];
    private readonly List<TargetTest> _tests = [];
    private readonly List<Action<SqliteConnection, SqliteTransaction>> _writes = [];
    private readonly List<Action> _sequels = [];
    private readonly List<AuditRow> _records = [];

    /// <summary>Applies to the board of this batch, in which all earlier commands of it have taken effect.</summary>
    public JobRules Rules { get; } = new(before.Jobs, policy, now);

    /// <summary>Applies to the reservations, in the same way.</summary>
    public ReservationRules Reservations { get; } = new(before.Reservations, before.Gpus.Slots.Length, now);

    /// <summary>Applies to what is known of the GPUs, in the same way.</summary>
    public GpuRules Gpus { get; } = new(before.Gpus);

    public DateTimeOffset Now => now;

    /// <summary>The board as it is on disk.</summary>
    public Board Before => before;

    /// <summary>The board as the commands so far leave it.</summary>
    public Board Board => before with { Jobs = Rules.Board, Gpus = Gpus.Board, Reservations = Reservations.Book };

    /// <summary>As readers would see it if nothing more were done.</summary>
    public Committed Seen => new(Board, Planner.Plan(Board, now));

    public IReadOnlyDictionary<string, byte[]> Contents => _contents;

    /// <summary>How many recipients each user has named in this batch.</summary>
    public Dictionary<string, int> Recipients { get; } = [];

    /// <summary>Why another daemon is in the place of this one; null while none is.</summary>
    public string? Superseded { get; set; }

    /// <summary>Removes old history in this batch's transaction; null when it is not the time.</summary>
    public Action<EngineBatch, SqliteConnection, SqliteTransaction>? Forget { get; set; }

    /// <summary>Whether it is to be noted that the daemon is alive.</summary>
    public bool IsHeartbeat { get; set; }

    /// <summary>Outcomes of deliveries.</summary>
    public IReadOnlyList<Settlement> Settlements => _settlements;

    /// <summary>Messages that somebody tries a target with.</summary>
    public IReadOnlyList<TargetTest> Tests => _tests;

    /// <summary>What else is written in this batch's transaction, after outcomes of deliveries.</summary>
    public IReadOnlyList<Action<SqliteConnection, SqliteTransaction>> Writes => _writes;

    /// <summary>Requests for changes, for the audit log.</summary>
    public IReadOnlyList<AuditRow> Records => _records;

    /// <summary>What is to be told to others once the batch is on disk; it must not wait for anything.</summary>
    public IReadOnlyList<Action> Sequels => _sequels;

    /// <summary>What is on disk, for reading.</summary>
    public SqliteConnection Stored => writer;

    /// <summary>First answers to requests with a key.</summary>
    public IReadOnlyCollection<FirstAnswer> Answers => _answers.Values;

    /// <summary>Whether there is nothing to put on disk but what the commands have changed.</summary>
    public bool WritesNothing => _contents.Count == 0 && _settlements.Count == 0 && _answers.Count == 0 && _tests.Count == 0 && _writes.Count == 0 && _records.Count == 0 && Forget is null && !IsHeartbeat;

    /// <summary>What the first request of that name was answered, in this batch or on disk; null when this is the first.</summary>
    public FirstAnswer? AnsweredBefore(RequestKey key) =>
        _answers.GetValueOrDefault((key.Uid, key.Text)) ?? answers.Find(key.Uid, key.Text, now - RequestKey.Lifetime);

    public void Answered(FirstAnswer first) => _answers.Add((first.Key.Uid, first.Key.Text), first);

    public void Happened(Event happened) => _events.Add(happened);

    public void Try(TargetTest test) => _tests.Add(test);

    public void Write(Action<SqliteConnection, SqliteTransaction> write) => _writes.Add(write);

    public void Record(AuditRow request) => _records.Add(request);

    public void Then(Action sequel) => _sequels.Add(sequel);

    /// <summary>Outcomes, and what they make known of their targets.</summary>
    public void Settle(IReadOnlyList<Settlement> settlements)
    {
        _settlements.AddRange(settlements);
        foreach (var news in settlements.SelectMany(settlement => settlement.News))
        {
            Happened(news.Event);
            Write((connection, transaction) => SpellTable.Put(connection, transaction, news.Event.Target, news.Kind, news.Since));
        }
    }

    public void AddContent(string? hash, byte[]? bytes)
    {
        if (hash is not null && bytes is not null)
        {
            _contents[hash] = bytes;
        }
    }

    /// <summary>What is over of a job's dependencies; jobs and groups that never were are missing from it and from the board.</summary>
    public EndedDependencies Ended(DependencySpec dependencies)
    {
        if (dependencies.IsEmpty)
        {
            return EndedDependencies.None;
        }

        var states = JobTable.States(writer, [.. dependencies.On.Where(id => !before.Jobs.Live.ContainsKey(id))]);
        return new(
            states.Where(pair => pair.Value.IsFinal()).ToDictionary(),
            GroupTable.Outcomes(writer, dependencies.Groups.Where(number => !before.Jobs.Groups.ContainsKey(number))));
    }

    public Job? FindEnded(JobId id) => JobTable.Find(writer, id) is { } job && job.State.IsFinal() ? job : null;

    /// <summary>In its newest version, wherever it is.</summary>
    public Reservation? FindReservation(ReservationId id) => Reservations.Find(id) ?? ReservationTable.Find(writer, id);

    /// <summary>Carries plans out until there is nothing to do: what is started and ended is committed before anything is done about it.</summary>
    /// <returns>The plan of the board that is committed.</returns>
    public Plan Plan()
    {
        while (true)
        {
            Rules.SeeToGroups();
            var board = Board;
            var plan = Planner.Plan(board, now);
            if (plan.IsAtRest)
            {
                var available = GpuAvailability.Of(before, board, now);
                Gpus.Freed(available.FreeSince);
                _events.AddRange(available.Events);
                return plan with { NextWakeup = plan.NextWakeup < available.LookAgain ? plan.NextWakeup : available.LookAgain ?? plan.NextWakeup };
            }

            foreach (var deadline in plan.Due)
            {
                Rules.Due(deadline);
            }

            foreach (var start in plan.Starts)
            {
                Rules.Start(start.Job, start.Gpus);
            }
        }
    }

    /// <summary>All that the commands and the plan did.</summary>
    public BatchChanges Changes()
    {
        var (jobs, reserved) = (Rules.Changes(), Reservations.Changes());
        return new(Board, jobs.Jobs, jobs.Groups, reserved.Reservations, Gpus.Stored, Gpus.IsNoted, [.. jobs.Events, .. reserved.Events, .. _events], jobs.Effects);
    }
}

/// <summary>What a batch comes to.</summary>
/// <param name="Jobs">Those that changed, in their newest version; likewise the groups and the reservations.</param>
/// <param name="Gpus">Those that have changed.</param>
/// <param name="HasGpuNotes">Whether what is stored about them beside that has changed.</param>
/// <param name="Events">What happened: to jobs, to reservations, to the machine.</param>
/// <param name="Effects">What is to be done about it.</param>
internal sealed record BatchChanges(
    Board Board,
    IReadOnlyList<Job> Jobs,
    IReadOnlyCollection<GroupProgress> Groups,
    IReadOnlyCollection<Reservation> Reservations,
    IReadOnlyCollection<StoredGpu> Gpus,
    bool HasGpuNotes,
    IReadOnlyList<Event> Events,
    IReadOnlyList<Effect> Effects)
{
    /// <summary>Whether nothing has changed; a reservation never does without an event.</summary>
    public bool IsEmpty => Jobs.Count == 0 && Groups.Count == 0 && Events.Count == 0 && Gpus.Count == 0 && !HasGpuNotes;
}
