using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;
using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace Gflow.Tests.Laws;

/// <summary>The board that was changed step by step, and the one that a daemon loads which finds the database so, are one.</summary>
public sealed class BoardLawTests : IDisposable
{
    private const int Gpus = 4;
    private static readonly JobPolicy Policy = new(TimeSpan.FromSeconds(10));

    /// <summary>What happens, to which of the jobs, and a number besides.</summary>
    private static readonly Gen<(int Kind, int Which, int Number)[]> Histories = Gen.Select(Gen.Int[0, 15], Gen.Int[0, 30], Gen.Int[0, 60]).Array[1, 120];

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gflow-law-");
    private readonly Database _database;
    private readonly JobTable _jobs;

    public BoardLawTests()
    {
        _database = Database.Open(Path.Combine(_directory.FullName, "gflow.db"), new FakeTimeProvider(Draft.Noon));
        _jobs = new JobTable(_database.Writer);
    }

    [Fact]
    public void After_any_history_the_board_is_the_one_that_is_loaded_from_the_database() => Histories.Sample(
        history =>
        {
            Database.Execute(_database.Writer, "DELETE FROM job");
            var board = JobBoard.Empty(default);
            var now = Draft.Noon;
            foreach (var steps in history.Chunk(5))
            {
                now += TimeSpan.FromSeconds(steps[0].Number);
                board = Commit(board, now, steps);
            }

            var (stepped, loaded) = (Text(board), Text(Load()));
            Assert.Equal(stepped, loaded);
        },
        iter: 400,
        threads: 1);

    public void Dispose()
    {
        _jobs.Dispose();
        _database.Dispose();
        _directory.Delete(recursive: true);
    }

    private JobBoard Commit(JobBoard board, DateTimeOffset now, IEnumerable<(int Kind, int Which, int Number)> steps)
    {
        var rules = new JobRules(board, Policy, now);
        foreach (var (kind, which, number) in steps)
        {
            Step(rules, kind, new JobId((uint)(which % Math.Max(1, rules.Changes().Board.LastId.Value)) + 1), number, now);
        }

        var plan = Planner.Plan(new Snapshot(rules.Changes().Board, Draft.Gpus(Gpus), now));
        foreach (var due in plan.Due)
        {
            rules.Due(due);
        }

        foreach (var start in plan.Starts)
        {
            rules.Start(start.Job, start.Gpus);
        }

        var changes = rules.Changes();
        using var transaction = _database.Writer.BeginTransaction();
        foreach (var job in changes.Jobs)
        {
            _jobs.Put(job, transaction);
        }

        transaction.Commit();
        return changes.Board;
    }

    private void Step(JobRules rules, int kind, JobId id, int number, DateTimeOffset now)
    {
        var attempt = rules.Find(id)?.Attempt ?? 1;
        switch (kind)
        {
            case <= 5:
                var asked = kind == 0 ? Draft.Any([.. Others(rules, id, number)]) : Draft.Job(number % (Gpus + 2), (byte)(number % 3), number % 4 == 0 ? TimeSpan.FromSeconds(number) : null, [.. Others(rules, id, number)]);
                rules.Submit(asked with { Held = number % 7 == 0 }, Ended(asked.Spec));
                break;
            case 6 when rules.Find(id) is { } job:
                var spec = job.Spec with { Gpus = number % (Gpus + 2), Priority = (byte)(number % 5), TimeLimit = TimeSpan.FromSeconds(number + 1) };
                rules.Update(id, spec, Ended(spec));
                break;
            case 7:
                rules.Hold(id);
                break;
            case 8:
                rules.Release(id);
                break;
            case 9:
                rules.Cancel(id, "alice");
                break;
            case 10 or 11:
                rules.Started(id, attempt, 100 + number, now);
                break;
            case 12:
                rules.NotStarted(id, attempt, "it is not there");
                break;
            case 13 or 14:
                rules.Exited(id, attempt, new ProcessExit(number % 3, null, now), gone: number % 2 == 0);
                break;
            default:
                rules.Gone(id, attempt);
                break;
        }
    }

    /// <summary>Up to two jobs to wait for, live or over, never the same twice.</summary>
    private static IEnumerable<uint> Others(JobRules rules, JobId id, int number)
    {
        var last = rules.Changes().Board.LastId.Value;
        return number % 3 == 0 || last == 0 ? [] : new[] { id.Value, ((uint)number % last) + 1 }.Distinct().Order();
    }

    private Dictionary<JobId, JobState> Ended(JobSpec spec) =>
        JobTable.States(_database.Writer, spec.Dependencies.On).Where(pair => pair.Value.IsFinal()).ToDictionary();

    private JobBoard Load()
    {
        var live = JobTable.Live(_database.Writer);
        var ended = JobTable.States(_database.Writer, [.. live.SelectMany(job => job.Spec.Dependencies.On).Distinct()]);
        return JobBoard.Load(live, ended.Where(pair => pair.Value.IsFinal()).ToDictionary(), JobTable.LastId(_database.Writer), Policy);
    }

    /// <summary>All that is on a board. When a job is killed again is nobody's memory: a daemon that starts does it at once.</summary>
    private static string Text(JobBoard board)
    {
        var text = new StringBuilder();
        foreach (var job in board.Jobs.Values.OrderBy(job => job.Id))
        {
            var deadline = board.DeadlineOf.TryGetValue(job.Id, out var found) ? job.Status is JobStatus.Ending ? "kill" : Instant(found.At) : "none";
            text.AppendLine(CultureInfo.InvariantCulture, $"{job.Id} {job.SubmittedBy} {job.Uid} {Instant(job.SubmittedAt)} {job.Attempt} {job.Revision} {deadline}");
            text.AppendLine(JsonSerializer.Serialize(StoredSpec.From(job.Spec), StoreJson.Default.StoredSpec));
            text.AppendLine(JsonSerializer.Serialize(StoredStatus.From(job.Status), StoreJson.Default.StoredStatus));
        }

        foreach (var line in board.Ready)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"ready {line.Key}: {string.Join(' ', line.Value)}");
        }

        foreach (var (id, progress) in board.Progress.OrderBy(pair => pair.Key))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"progress {id}: {string.Join(' ', progress.Pending)}, failed {string.Join(' ', progress.Failed)}, {progress.AnyFinished}");
        }

        foreach (var (id, dependents) in board.Dependents.OrderBy(pair => pair.Key))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"dependents {id}: {string.Join(' ', dependents)}");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"occupied {string.Join(' ', board.Occupied)}");
        text.AppendLine(CultureInfo.InvariantCulture, $"deadlines {string.Join(' ', board.Deadlines.Select(deadline => deadline.Id).Order())}, last {board.LastId}");
        return text.ToString();
    }

    private static string Instant(DateTimeOffset at) => at.ToString("O", CultureInfo.InvariantCulture);
}
