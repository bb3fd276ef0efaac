using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Gpus.Simulated;
using Gflow.Daemon.Jobs;
using Gflow.Daemon.Platform;
using Gflow.Daemon.Reservations;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gflow.Tests.TestKit;

/// <summary>An engine on a real database file, with a clock and an executor the test holds in its hands.</summary>
internal sealed class EngineHome : IAsyncDisposable
{
    private const long OutboxBytes = 256L << 20;

    private static readonly RetentionTerms Terms = new(TimeSpan.FromDays(365), TimeSpan.FromDays(90));

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gflow-engine-");
    private readonly int _gpus;
    private Database _database = null!;

    private EngineHome(int gpus)
    {
        _gpus = gpus;
        Executor = new FakeExecutor(Time);
    }

    public static CancellationToken Patience => TestContext.Current.CancellationToken;

    public static Actor Alice => Draft.Alice;

    public FakeTimeProvider Time { get; } = new(Draft.Noon);

    public FakeExecutor Executor { get; private set; }

    public JobEngine Engine { get; private set; } = null!;

    public AskedRequests Requests { get; private set; } = null!;

    public AskedReservations Reservations { get; private set; } = null!;

    public DataPaths Paths => new(_directory.FullName);

    /// <summary>What holds for the recipients that jobs name.</summary>
    public RecipientPolicy Recipients { get; set; } = Draft.Policy.Recipients;

    /// <summary>Deliveries in the order in which the engine handed them out.</summary>
    public List<DeliveryRow> Deliveries { get; } = [];

    public static async Task<EngineHome> StartAsync(int gpus = 4)
    {
        var home = new EngineHome(gpus);
        await home.OpenAsync();
        return home;
    }

    /// <summary>Ends the engine and starts another on the same file, with an executor that has what <paramref name="executor"/> says.</summary>
    /// <param name="between">Changes the file while nobody has it.</param>
    public async Task RestartAsync(Action<FakeExecutor>? executor = null, Action<SqliteConnection>? between = null)
    {
        await CloseAsync();
        if (between is not null)
        {
            using var connection = new SqliteConnection($"Data Source={Paths.Database};Pooling=False");
            connection.Open();
            between(connection);
        }

        Executor = new FakeExecutor(Time);
        executor?.Invoke(Executor);
        await OpenAsync();
    }

    public async Task<Job> SubmitAsync(SubmissionDraft? draft = null)
    {
        var jobs = await Requests.SubmitAsync([draft ?? Draft.Command()], Alice, Patience);
        Assert.True(jobs.Ok, string.Join("; ", jobs.Problems.Select(problem => problem.Message)));
        return jobs.Value[0];
    }

    /// <summary>The job as it is now, wherever it is.</summary>
    public Job Job(JobId id)
    {
        if (Engine.Current.Board.Jobs.Live.TryGetValue(id, out var live))
        {
            return live;
        }

        using var reader = _database.OpenReader();
        return JobTable.Find(reader, id)!;
    }

    public Task<Job> WaitAsync(JobId id, JobState state) => WaitAsync(id, job => job.State == state);

    /// <summary>Waits for a job to become what the test expects; events tell when to look again.</summary>
    public async Task<Job> WaitAsync(JobId id, Func<Job, bool> condition)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Patience);
        patience.CancelAfter(TimeSpan.FromMinutes(1));
        while (!condition(Job(id)))
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Delay(5, patience.Token);
        }

        return Job(id);
    }

    /// <summary>Public names of the job's events, in order.</summary>
    public List<string> Events(JobId id)
    {
        using var reader = _database.OpenReader();
        using var command = reader.CreateCommand();
        command.CommandText = "SELECT type FROM event WHERE job = $job ORDER BY seq";
        command.Parameters.AddWithValue("$job", (long)id.Value);
        using var rows = command.ExecuteReader();
        var types = new List<string>();
        while (rows.Read())
        {
            types.Add(rows.GetString(0));
        }

        return types;
    }

    /// <summary>Waits until everything the clock set off is done: a command handed in afterwards is answered after it.</summary>
    public async Task SettleClockAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            await Engine.AskAsync<bool>((_, _) => true, Alice, Patience);
        }
    }

    /// <summary>Has the engine demand so much free room on the disk from now on.</summary>
    public void Keep(long minFreeBytes) => Engine.SetBounds(Terms, OutboxBytes, minFreeBytes);

    /// <summary>Has every write fail from now on as on a disk that has become read-only.</summary>
    public Task BreakStoreAsync() => OnWriterAsync("PRAGMA query_only = ON");

    /// <summary>Has the database grow no more, as on a full disk; what fits in the pages that it has can still be written.</summary>
    public Task FillStoreAsync() => OnWriterAsync("PRAGMA max_page_count = 1");

    /// <summary>Takes back <see cref="FillStoreAsync"/>.</summary>
    public Task MakeRoomAsync() => OnWriterAsync("PRAGMA max_page_count = 1000000000");

    /// <summary>Takes back <see cref="BreakStoreAsync"/>, for an engine that has given up writing.</summary>
    public void MendStore() => Database.Execute(_database.Writer, "PRAGMA query_only = OFF");

    /// <summary>Who has the database, as it says itself.</summary>
    public StoreOwner Owner()
    {
        using var reader = _database.OpenReader();
        return StoreOwner.Read(reader)!;
    }

    /// <summary>A number from the database.</summary>
    public long Count(string sql)
    {
        using var reader = _database.OpenReader();
        return Database.ScalarInt64(reader, sql);
    }

    /// <summary>What a query finds, as a text.</summary>
    public string Text(string sql)
    {
        using var reader = _database.OpenReader();
        using var command = reader.CreateCommand();
        command.CommandText = sql;
        return (string)command.ExecuteScalar()!;
    }

    /// <summary>Waits until the condition holds.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Patience);
        patience.CancelAfter(TimeSpan.FromMinutes(1));
        while (!condition())
        {
            await Task.Delay(5, patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _directory.Delete(recursive: true);
    }

    /// <summary>What else is in the same batch may be the first that fails; the statement has its effect all the same.</summary>
    private Task<Result<bool>> OnWriterAsync(string sql) => Engine.AskAsync<bool>(
        (_, _) =>
        {
            Database.Execute(_database.Writer, sql);
            return true;
        },
        Alice,
        Patience);

    private async Task OpenAsync()
    {
        Paths.Create(isShared: false);
        _database = Database.Open(Paths.Database, Time);
        var settings = new EngineSettings
        {
            Policy = new JobPolicy(TimeSpan.FromSeconds(10)),
            Scheduler = new SchedulerFacts("gpu-server-01", "0.0.0"),
            Effects = new EffectSettings(Paths, 0, HideGpus: true, PythonUnbuffered: true),
            OutboxMaxBytes = OutboxBytes,
            MinFreeBytes = 0,
            Retention = Terms,
        };
        Engine = new JobEngine(_database, Executor, settings, Time, NullLoggerFactory.Instance);
        Engine.Route(
            [new Subscription { Target = "hook", Kind = "webhook", Events = EventTypes.All.ToHashSet() }],
            Deliveries.AddRange);
        Requests = new AskedRequests(Engine, new JobRequests(Engine, new JobLookup(Engine, _database), _database, user => Draft.Policy with { User = user, Recipients = Recipients }));
        Reservations = new AskedReservations(Engine, new ReservationRequests(Engine, Time));
        await Engine.StartAsync(rules => new SimulatedGpuSource(Draft.Gpus(_gpus)).Begin(rules, Time.GetUtcNow()), Patience);
    }

    private async Task CloseAsync()
    {
        await Engine.DisposeAsync();
        await Executor.DisposeAsync();
        _database.Dispose();
    }
}
