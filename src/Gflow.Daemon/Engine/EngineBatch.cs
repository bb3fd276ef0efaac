using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
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
    private readonly List<Job> _kills = [];
    private readonly List<Settlement> _settlements = [];
    private readonly List<MachineEvent> _machineEvents = [];
    private readonly Dictionary<(uint Uid, string Key), FirstAnswer> _answers = [];
    private readonly List<TargetTest> _tests = [];
    private readonly List<Action<SqliteConnection, SqliteTransaction>> _writes = [];
    private readonly List<Action> _sequels = [];

    /// <summary>Applies to the board of this batch, in which all earlier commands of it have taken effect.</summary>
    public JobRules Rules { get; } = new(before.Live, policy, now);

    /// <summary>Applies to the reservations, in the same way.</summary>
    public ReservationRules Reservations { get; } = new(before.Reservations, before.Gpus.Count, now);

    public DateTimeOffset Now => now;

    /// <summary>The board as it is on disk.</summary>
    public JobBoard Before => before.Live;

    /// <summary>The board as the commands so far leave it.</summary>
    public Board Board => before with { Live = Rules.Changes().Board, Reservations = Reservations.Changes().Book };

    public IReadOnlyDictionary<string, byte[]> Contents => _contents;

    /// <summary>Jobs whose grace is over.</summary>
    public IReadOnlyList<Job> Kills => _kills;

    /// <summary>Removes old history in this batch's transaction; null when it is not the time.</summary>
    public Action<EngineBatch, SqliteConnection, SqliteTransaction>? Forget { get; set; }

    /// <summary>Whether it is to be noted that the daemon is alive.</summary>
    public bool IsHeartbeat { get; set; }

    /// <summary>Outcomes of deliveries.</summary>
    public IReadOnlyList<Settlement> Settlements => _settlements;

    /// <summary>What happened to the machine or the daemon; told after what happened to jobs and reservations.</summary>
    public IReadOnlyList<MachineEvent> MachineEvents => _machineEvents;

    /// <summary>Messages that somebody tries a target with.</summary>
    public IReadOnlyList<TargetTest> Tests => _tests;

    /// <summary>What else is written in this batch's transaction, after outcomes of deliveries.</summary>
    public IReadOnlyList<Action<SqliteConnection, SqliteTransaction>> Writes => _writes;

    /// <summary>What is to be told to others once the batch is on disk; it must not wait for anything.</summary>
    public IReadOnlyList<Action> Sequels => _sequels;

    /// <summary>What is on disk, for reading.</summary>
    public SqliteConnection Stored => writer;

    /// <summary>First answers to requests with a key.</summary>
    public IReadOnlyCollection<FirstAnswer> Answers => _answers.Values;

    /// <summary>What the first request of that name was answered, in this batch or on disk; null when this is the first.</summary>
    public FirstAnswer? AnsweredBefore(RequestKey key) =>
        _answers.GetValueOrDefault((key.Uid, key.Text)) ?? answers.Find(key.Uid, key.Text, now - RequestKey.Lifetime);

    public void Answered(FirstAnswer first) => _answers.Add((first.Key.Uid, first.Key.Text), first);

    public void Happened(MachineEvent happened) => _machineEvents.Add(happened);

    public void Try(TargetTest test) => _tests.Add(test);

    public void Write(Action<SqliteConnection, SqliteTransaction> write) => _writes.Add(write);

    public void Then(Action sequel) => _sequels.Add(sequel);

    public void Settle(IReadOnlyList<Settlement> settlements) => _settlements.AddRange(settlements);

    public void Keep(string? hash, byte[]? bytes)
    {
        if (hash is not null && bytes is not null)
        {
            _contents[hash] = bytes;
        }
    }

    /// <summary>The final states of those of <paramref name="ids"/> that are over; ids of jobs that never were are missing from it and from the board.</summary>
    public Dictionary<JobId, JobState> Ended(IReadOnlyCollection<JobId> ids)
    {
        var states = JobTable.States(writer, [.. ids.Where(id => !before.Jobs.ContainsKey(id))]);
        return states.Where(pair => pair.Value.IsFinal()).ToDictionary();
    }

    public Job? FindEnded(JobId id) => JobTable.Find(writer, id) is { } job && job.State.IsFinal() ? job : null;

    /// <summary>In its newest version, wherever it is.</summary>
    public Reservation? FindReservation(ReservationId id) => Reservations.Find(id) ?? ReservationTable.Find(writer, id);

    /// <summary>Carries the plan out; its starts and endings are committed before anything is done about them. A GPU that was taken and that the plan gave to nobody is available again.</summary>
    public void Plan()
    {
        var plan = Planner.Plan(new Snapshot(Rules.Changes().Board, before.Gpus, now));
        foreach (var deadline in plan.Due)
        {
            if (Rules.Due(deadline) == SignalText.Kill && Rules.Find(deadline.Id) is { } job)
            {
                _kills.Add(job);
            }
        }

        foreach (var start in before.NoStarts is null ? plan.Starts : [])
        {
            Rules.Start(start.Job, start.Gpus);
        }

        var occupied = Rules.Changes().Board.Occupied;
        foreach (var gpu in before.Gpus.Where(gpu => gpu.Unavailable is null && Before.Occupied.ContainsKey(gpu.Index) && !occupied.ContainsKey(gpu.Index)))
        {
            Happened(new MachineEvent(EventType.GpuAvailable, now, gpu));
        }
    }
}
