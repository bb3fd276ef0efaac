using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;
using Gflow.Core.Contracts;
using Gflow.Core.Gpus;
using Gflow.Core.Jobs;
using Gflow.Core.Reservations;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace Gflow.Tests.Laws;

/// <summary>The board that was changed step by step, and the one that a daemon loads which finds the database so, are one.</summary>
public sealed class BoardLawTests : IDisposable
{
    private const int Gpus = 4;
    private static readonly JobPolicy Policy = new(TimeSpan.FromSeconds(10));

    /// <summary>What happens, to which of the jobs, and a number besides.</summary>
    private static readonly Gen<(int Kind, int Which, int Number)[]> Histories = Gen.Select(Gen.Int[0, 19], Gen.Int[0, 30], Gen.Int[0, 60]).Array[1, 120];

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gflow-law-");
    private readonly Database _database;
    private readonly BatchWriter _writer;

    public BoardLawTests()
    {
        _database = Database.Open(Path.Combine(_directory.FullName, "gflow.db"), new FakeTimeProvider(Draft.Noon));
        _writer = new BatchWriter(_database, new SchedulerFacts("gpu-server-01", "0.0.0"));
    }

    [Fact]
    public void After_any_history_the_board_is_the_one_that_is_loaded_from_the_database() => Histories.Sample(
        history =>
        {
            Database.Execute(_database.Writer, "DELETE FROM job; DELETE FROM reservation; DELETE FROM gpu; DELETE FROM gpu_steering");
            var board = Board.Empty;
            var now = Draft.Noon;
            foreach (var steps in history.Chunk(5))
            {
                now += TimeSpan.FromSeconds(steps[0].Number);
                board = Commit(board, now, steps);
            }

            var loaded = new GpuRules(GpuTable.Board(_database.Writer, machineRestarted: false));
            loaded.Found([.. board.Gpus.Slots.Select(gpu => gpu.Card)], new Dictionary<string, GpuFault>(), now, static _ => true);
            Assert.Empty(loaded.Stored);
            Assert.Equal(Text(board, now), Text(Recovery.Compare(_database.Writer, [], Policy, loaded.Board, board.Limits, now).Board, now));
        },
        iter: 400,
        threads: 1);

    public void Dispose()
    {
        _writer.Dispose();
        _database.Dispose();
        _directory.Delete(recursive: true);
    }

    private Board Commit(Board board, DateTimeOffset now, IEnumerable<(int Kind, int Which, int Number)> steps)
    {
        var batch = new EngineBatch(board, Policy, _database.Writer, _writer.Answers, now);
        foreach (var (kind, which, number) in steps)
        {
            Step(batch, kind, new JobId((uint)(which % Math.Max(1, batch.Rules.Board.LastId.Value)) + 1), number);
        }

        batch.Plan();
        var changes = batch.Changes();
        _writer.Write(batch, changes, []);
        return changes.Board;
    }

    private static void Step(EngineBatch batch, int kind, JobId id, int number)
    {
        var rules = batch.Rules;
        var attempt = rules.Find(id)?.Attempt ?? 1;
        switch (kind)
        {
            case <= 5:
                var asked = kind == 0 ? Draft.Any([.. Others(rules, id, number)]) : Draft.Job(number % (Gpus + 2), (byte)(number % 3), number % 4 == 0 ? TimeSpan.FromSeconds(number) : null, [.. Others(rules, id, number)]);
                rules.Submit(asked with { Owner = number % 2 == 0 ? Draft.Alice : Draft.Bob, Held = number % 7 == 0 }, batch.Ended(asked.Spec.Dependencies));
                break;
            case 6 when rules.Find(id) is { } job:
                var spec = job.Spec with { Gpus = number % (Gpus + 2), Priority = (byte)(number % 5), TimeLimit = TimeSpan.FromSeconds(number + 1) };
                rules.Update(id, Draft.Alice, spec, batch.Ended(spec.Dependencies));
                break;
            case 7:
                rules.Hold(id, Draft.Alice);
                break;
            case 8:
                rules.Release(id, Draft.Alice);
                break;
            case 9:
                rules.Cancel(id, Draft.Alice);
                break;
            case 10 or 11:
                rules.Started(id, attempt, 100 + number, batch.Now);
                break;
            case 12:
                rules.NotStarted(id, attempt, "it is not there");
                break;
            case 13 or 14:
                rules.Exited(id, attempt, new ProcessExit(number % 3, null, batch.Now), gone: number % 2 == 0);
                break;
            case 15:
                rules.Gone(id, attempt);
                break;
            case 16 when rules.Find(id) is { } job:
                rules.Requeue(id, attempt, batch.Ended(job.Spec.Dependencies));
                break;
            case 17:
                GpuCard[] cards = [.. Enumerable.Range(number % 5, Gpus).Select(card => new GpuCard($"GPU-{card * (1 + (number % 2))}", $"model {number % 3}", number % 7 * 1024))];
                batch.Gpus.Found(cards, new Dictionary<string, GpuFault>(), batch.Now, gpu => (gpu.Index + number) % 3 == 0);
                foreach (var card in cards)
                {
                    batch.Gpus.Read(card.Uuid, new GpuReading(batch.Now) { Processes = number % 4 == 0 ? [new GpuProcess(number + 1, 7)] : [] });
                }

                break;
            case 19 when batch.Gpus.Board.Slots is [{ Index: var first }, ..]:
                _ = number % 3 == 0 ? batch.Gpus.FollowConfiguration(Draft.Alice).Ok : batch.Gpus.Restrict(number % 2 == 0 ? null : [first], "all", Draft.Alice).Ok;
                _ = batch.Gpus.Ignore(first, number + 1, Draft.Alice);
                break;
            case 18:
                batch.Reservations.Create(new ReservationSpec("alice", new ReservedGpus.Any(1), batch.Now.AddSeconds(number), TimeSpan.FromMinutes(1)), Draft.Alice);
                break;
            case 19 when batch.FindReservation(new ReservationId(id.Value)) is { } reservation:
                batch.Reservations.Cancel(reservation, Draft.Alice);
                break;
        }
    }

    /// <summary>Up to two jobs to wait for, live or over, never the same twice.</summary>
    private static IEnumerable<uint> Others(JobRules rules, JobId id, int number)
    {
        var last = rules.Board.LastId.Value;
        return number % 3 == 0 || last == 0 ? [] : new[] { id.Value, ((uint)number % last) + 1 }.Distinct().Order();
    }

    /// <summary>All that is on a board. When a job is killed again is nobody's memory: a daemon that starts does it at once. What is over is not on it for long.</summary>
    private static string Text(Board whole, DateTimeOffset now)
    {
        var text = new StringBuilder();
        var board = whole.Jobs;
        foreach (var job in board.Live.Values.OrderBy(job => job.Id))
        {
            var deadline = board.DeadlineOf.TryGetValue(job.Id, out var found) ? job.Status is JobStatus.Ending ? "kill" : Instant(found.At) : "none";
            text.AppendLine(CultureInfo.InvariantCulture, $"{job.Id} {job.SubmittedBy} {job.Uid} {Instant(job.SubmittedAt)} {job.Attempt} {job.Revision} {deadline}");
            text.AppendLine(JsonSerializer.Serialize(StoredSpec.From(job.Spec), StoreJson.Default.StoredSpec));
            text.AppendLine(JsonSerializer.Serialize(StoredStatus.From(job.Status), StoreJson.Default.StoredStatus));
        }

        foreach (var line in board.Ready.Values.OrderBy(line => line.Head))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"line {line.Of}: {string.Join(' ', line.Waiting)}");
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
        text.AppendLine(CultureInfo.InvariantCulture, $"gpus {string.Join(' ', whole.Gpus.Slots)}; names {string.Join(' ', whole.Gpus.Names.OrderBy(name => name.Value))}; allowed {string.Join(' ', whole.AllowedGpus ?? [])} {whole.Gpus.Restriction?.Configured}; free {string.Join(' ', whole.Gpus.FreeSince.Select(gpu => $"{gpu.Key} {Instant(gpu.Value)}"))}; ignored {string.Join(' ', whole.Gpus.Ignored.OrderBy(ignored => ignored.ToString(), StringComparer.Ordinal))}");
        text.AppendLine(CultureInfo.InvariantCulture, $"reservations {string.Join(' ', whole.Reservations.Live.Values.Where(held => held.Spec.End > now).OrderBy(held => held.Id.Value))}, last {whole.Reservations.LastId}");
        return text.ToString();
    }

    private static string Instant(DateTimeOffset at) => at.ToString("O", CultureInfo.InvariantCulture);
}
