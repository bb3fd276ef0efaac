using Gflow.Core.Jobs;
using Gflow.Core.Reservations;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace Gflow.Tests.Storage;

public sealed class DatabaseTests : IDisposable
{
    /// <summary>Takes back what the schemas from 11 on have added.</summary>
    private const string BeforeFigures =
        "DROP TABLE job_group; DROP INDEX job_by_group; ALTER TABLE job DROP COLUMN group_number; ALTER TABLE job DROP COLUMN ordinal; DROP TABLE target_spell; DROP INDEX delivery_by_uid; DROP INDEX delivery_cancelled; ALTER TABLE delivery DROP COLUMN uid; DROP INDEX job_figures; ALTER TABLE job DROP COLUMN started_at; ALTER TABLE job DROP COLUMN gpus; ALTER TABLE job DROP COLUMN project;";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gflow-store-");
    private readonly FakeTimeProvider _time = new(Draft.Noon);

    private string DatabasePath => Path.Combine(_directory.FullName, "gflow.db");

    [Fact]
    public void A_new_database_is_its_owners_alone_and_synced_at_every_commit()
    {
        using var database = Database.Open(DatabasePath, _time);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(DatabasePath));
        Assert.Equal(2, Database.ScalarInt64(database.Writer, "PRAGMA synchronous"));
        Assert.Equal(Migrator.Newest, Database.ScalarInt64(database.Writer, "PRAGMA user_version"));
    }

    [Fact]
    public void A_database_newer_than_the_program_is_refused_and_left_alone()
    {
        using (var database = Database.Open(DatabasePath, _time))
        {
            Database.Execute(database.Writer, "PRAGMA user_version = 999");
        }

        var refused = Assert.Throws<StorageRefusedException>(() => Database.Open(DatabasePath, _time));
        Assert.Contains("newer than supported", refused.Message, StringComparison.Ordinal);
        Assert.Single(_directory.GetFiles("gflow.db*"), file => file.Name == "gflow.db");
    }

    [Fact]
    public void Before_a_migration_a_copy_is_kept_and_a_failing_one_changes_nothing()
    {
        using (var database = Database.Open(DatabasePath, _time))
        {
            var next = new Dictionary<int, string>
            {
                [Migrator.Newest + 1] = "CREATE TABLE more (a INTEGER) STRICT;",
                [Migrator.Newest + 2] = "CREATE TABLE more (a INTEGER) STRICT;",
            };
            Assert.ThrowsAny<Exception>(() => Migrator.Migrate(database, _time, next));
            Assert.Equal(Migrator.Newest + 1, Database.ScalarInt64(database.Writer, "PRAGMA user_version"));
        }

        var copy = Assert.Single(_directory.GetFiles($"gflow.db.schema{Migrator.Newest}.20260301T120000Z"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(copy.FullName));
    }

    [Fact]
    public void A_database_of_the_first_schema_gets_what_was_added_since_and_keeps_its_jobs()
    {
        using (var database = Database.Open(DatabasePath, _time))
        {
            using var jobs = new JobTable(database.Writer);
            using (var transaction = database.Writer.BeginTransaction())
            {
                jobs.Put(new Job(new JobId(7), Draft.Job().Spec, "alice", 1000, Draft.Noon, new JobStatus.Queued(), 1, 1), transaction);
                transaction.Commit();
            }

            Database.Execute(database.Writer, $"{BeforeFigures} DROP TABLE audit; DROP TABLE reservation; DROP TABLE answer; DROP TABLE target_pause; DROP TABLE target; DROP INDEX delivery_by_target; DROP INDEX delivery_by_key; DROP INDEX delivery_dead; DROP INDEX event_by_user; ALTER TABLE delivery DROP COLUMN payload; PRAGMA user_version = 1;");
        }

        using var upgraded = Database.Open(DatabasePath, _time);
        Assert.Equal(Migrator.Newest, Database.ScalarInt64(upgraded.Writer, "PRAGMA user_version"));
        Assert.Equal(new JobId(7), Assert.Single(JobTable.Live(upgraded.Writer)).Id);
        Assert.Empty(ReservationTable.List(upgraded.Writer, null));
        Assert.Single(_directory.GetFiles("gflow.db.schema1.*"));
    }

    [Fact]
    public void A_database_that_numbered_the_kinds_of_targets_keeps_the_targets()
    {
        using (var database = Database.Open(DatabasePath, _time))
        {
            Database.Execute(
                database.Writer,
                $"""
                {BeforeFigures}
                DROP TABLE audit;
                DROP TABLE target;
                CREATE TABLE target (
                    name TEXT PRIMARY KEY, named INTEGER NOT NULL, kind INTEGER NOT NULL, address TEXT NOT NULL, place INTEGER, sender TEXT, away INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;
                INSERT INTO target VALUES ('ops', 1, 0, 'example.com 1f', 0, NULL, 0), ('lab', 0, 1, 'mail.example.com 2e', NULL, 'gflow@example.com', 1);
                PRAGMA user_version = 7;
                """);
        }

        using var upgraded = Database.Open(DatabasePath, _time);
        using var command = upgraded.Writer.CreateCommand();
        command.CommandText = "SELECT group_concat(concat_ws('|', name, named, kind, address, place, sender, away), ' ') FROM (SELECT * FROM target ORDER BY name)";
        Assert.Equal("lab|0|email|mail.example.com 2e|gflow@example.com|1 ops|1|webhook|example.com 1f|0|0", command.ExecuteScalar());
    }

    [Fact]
    public void A_database_of_the_schema_before_the_audit_log_keeps_what_it_has_and_takes_records()
    {
        using (var database = Database.Open(DatabasePath, _time))
        {
            using var jobs = new JobTable(database.Writer);
            using var transaction = database.Writer.BeginTransaction();
            jobs.Put(new Job(new JobId(7), Draft.Job().Spec, "alice", 1000, Draft.Noon, new JobStatus.Queued(), 1, 1), transaction);
            transaction.Commit();
            Database.Execute(database.Writer, $"{BeforeFigures} DROP TABLE audit; PRAGMA user_version = 9;");
        }

        using var upgraded = Database.Open(DatabasePath, _time);
        Assert.Equal(new JobId(7), Assert.Single(JobTable.Live(upgraded.Writer)).Id);
        Assert.Empty(AuditTable.List(upgraded.Writer, new AuditFilter { Limit = 10 }));
        Assert.Single(_directory.GetFiles("gflow.db.schema9.*"));
        AuditRow[] rows =
        [
            new()
            {
                Seq = 1, At = Draft.Noon.AddMilliseconds(7), FirstAt = Draft.Noon, Uid = uint.MaxValue, User = "alice", OverTcp = true, Port = 65_535, Method = "POST", Path = "/jobs/7/cancel",
                Jobs = new JobSpan(new JobId(7), new JobId(uint.MaxValue)), Status = 403, Code = "not_owner", RequestId = "r", Count = 3_000_000_000,
            },
            new() { Seq = 2, At = Draft.Noon, OverTcp = false, Method = "POST", Path = "/", RequestId = "" },
        ];
        using var audit = new AuditTable(upgraded.Writer);
        using (var transaction = upgraded.Writer.BeginTransaction())
        {
            Array.ForEach(rows, row => audit.Append(transaction, row));
            transaction.Commit();
        }

        Assert.Equal(rows.Reverse(), AuditTable.List(upgraded.Writer, new AuditFilter { Limit = 10 }));
    }

    [Fact]
    public void Jobs_of_the_schema_before_statistics_are_counted_as_those_written_since()
    {
        Job[] jobs =
        [
            Kept(1, new JobStatus.Queued(), new JobSpec { Command = "true", RunDir = "/" }),
            Kept(2, new JobStatus.Running([0, 1], Draft.Noon.AddMilliseconds(1), 7), new JobSpec { Command = "true", RunDir = "/", Gpus = 2, Project = "\"vision\" 模型\n" }),
            Kept(3, new JobStatus.Ending([], null, EndCause.Cancel, Draft.Noon, "alice", null), new JobSpec { Command = new string('x', 100_000), RunDir = "/", Gpus = 1 }),
            Kept(4, new JobStatus.Ended(new JobEnd.Finished(), [3], Draft.Noon, Draft.Noon.AddHours(1)), new JobSpec { Command = "true", RunDir = "/", Gpus = 1, Project = "gpus" }),
            Kept(5, new JobStatus.Ended(new JobEnd.Failed(null, null, "\"started_at\":5"), [], null, Draft.Noon), new JobSpec { Command = "true", RunDir = "/" }),
        ];
        List<JobFigures> before;
        using (var database = Database.Open(DatabasePath, _time))
        {
            using var table = new JobTable(database.Writer);
            using (var transaction = database.Writer.BeginTransaction())
            {
                Array.ForEach(jobs, job => table.Put(job, transaction));
                transaction.Commit();
            }

            before = [.. JobFigures.Read(database.Writer, null, default)];
            Database.Execute(database.Writer, $"{BeforeFigures} PRAGMA user_version = 10;");
        }

        using var upgraded = Database.Open(DatabasePath, _time);
        Assert.Equal(jobs.Select(job => new JobFigures(job.Id, "alice", job.State, Draft.Noon, job.Status.Started, (job.Status as JobStatus.Ended)?.EndedAt, job.Spec.Gpus, job.Spec.Project)), before.OrderBy(job => job.Id));
        Assert.Equal(before, JobFigures.Read(upgraded.Writer, null, default));
        Assert.Single(_directory.GetFiles("gflow.db.schema10.*"));

        static Job Kept(uint id, JobStatus status, JobSpec spec) => new(new JobId(id), spec, "alice", 1000, Draft.Noon, status, 1, 1);
    }

    [Fact]
    public void Every_reservation_reads_back_as_it_was_written()
    {
        using var database = Database.Open(DatabasePath, _time);
        Reservation[] reservations =
        [
            new(new(1), Reserve.Any(3, 1, 2.5), Draft.Noon),
            new(new(2), Reserve.These([0, 12], 2, 3), Draft.Noon, Draft.Noon.AddMilliseconds(5)),
        ];
        using (var transaction = database.Writer.BeginTransaction())
        {
            Array.ForEach(reservations, reservation => ReservationTable.Put(database.Writer, transaction, reservation));
            transaction.Commit();
        }

        Assert.Equivalent(reservations, ReservationTable.List(database.Writer, "alice"), strict: true);
        Assert.Empty(ReservationTable.List(database.Writer, "bob"));
        Assert.Equivalent(reservations[1], ReservationTable.Find(database.Writer, new(2)), strict: true);
        Assert.Null(ReservationTable.Find(database.Writer, new(3)));
    }

    [Fact]
    public void Every_status_a_job_can_have_reads_back_as_it_was_written()
    {
        using var database = Database.Open(DatabasePath, _time);
        using var jobs = new JobTable(database.Writer);
        JobStatus[] statuses =
        [
            new JobStatus.Held(),
            new JobStatus.Queued(),
            new JobStatus.Starting([0, 3], Draft.Noon),
            new JobStatus.Running([], Draft.Noon, 77),
            new JobStatus.Ending([1], null, EndCause.Cancel, Draft.Noon, "alice", null),
            new JobStatus.Ending([1], Draft.Noon, EndCause.Leftovers, Draft.Noon, null, new ProcessExit(null, 9, Draft.Noon, true)),
            new JobStatus.Ended(new JobEnd.Finished(), [1], Draft.Noon, Draft.Noon),
            new JobStatus.Ended(new JobEnd.Failed(7, null, null), [], Draft.Noon, Draft.Noon),
            new JobStatus.Ended(new JobEnd.Failed(null, null, "no such directory"), [], null, Draft.Noon),
            new JobStatus.Ended(new JobEnd.Cancelled(null, new JobId(4), null, null), [], null, Draft.Noon),
            new JobStatus.Ended(new JobEnd.Cancelled("bob", null, null, 15), [2], Draft.Noon, Draft.Noon),
            new JobStatus.Ended(new JobEnd.TimedOut(0, null), [2], Draft.Noon, Draft.Noon),
        ];
        using var transaction = database.Writer.BeginTransaction();
        for (var i = 0; i < statuses.Length; i++)
        {
            jobs.Put(new Job(new JobId((uint)i + 1), Draft.Job().Spec, "alice", 1000, Draft.Noon, statuses[i], 1, 1), transaction);
        }

        transaction.Commit();
        for (var i = 0; i < statuses.Length; i++)
        {
            Assert.Equivalent(statuses[i], JobTable.Find(database.Writer, new JobId((uint)i + 1))!.Status, strict: true);
        }
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
