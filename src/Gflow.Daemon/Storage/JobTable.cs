using System.Text.Json;
using Gflow.Core.Jobs;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>Which jobs to list; every part that is set narrows.</summary>
internal sealed record JobFilter
{
    public IReadOnlyCollection<uint>? Ids { get; init; }

    /// <summary>Number of the group that they are of.</summary>
    public JobId? Group { get; init; }

    /// <summary>The same by its id on the wire.</summary>
    public Guid? GroupId { get; init; }

    public IReadOnlyCollection<JobState>? States { get; init; }

    public IReadOnlyCollection<string>? Users { get; init; }

    /// <summary>Submitted at this instant or later.</summary>
    public DateTimeOffset? CreatedAfter { get; init; }

    /// <summary>Only those that come after this one, in the order asked for.</summary>
    public JobId? After { get; init; }

    public int? Limit { get; init; }

    public int Offset { get; init; }

    public bool Descending { get; init; }
}

/// <summary>All jobs there ever were, in their newest version.</summary>
internal sealed class JobTable : IDisposable
{
    private const string Columns = "id, user, uid, state, attempt, revision, submitted_at, spec, status, group_number, ordinal";

    // Of a job that asks for what its group does.
    private static readonly byte[] Shared = [];

    private readonly Statement _put;

    /// <param name="writer">The engine's connection.</param>
    public JobTable(SqliteConnection writer) => _put = new Statement(writer, $"""
        INSERT INTO job ({Columns}, ended_at, script, environment, started_at, gpus, project)
        VALUES ($id, $user, $uid, $state, $attempt, $revision, $submitted, $spec, $status, $group, $ordinal, $ended, $script, $environment, $started, $gpus, $project)
        ON CONFLICT (id) DO UPDATE SET state = excluded.state, attempt = excluded.attempt, revision = excluded.revision,
            spec = excluded.spec, status = excluded.status, ended_at = excluded.ended_at,
            started_at = excluded.started_at, gpus = excluded.gpus
        """);

    /// <summary>Writes the job's newest version.</summary>
    public void Put(Job job, SqliteTransaction transaction) => _put.Execute(
        transaction,
        (long)job.Id.Value,
        job.SubmittedBy,
        (long)job.Uid,
        (long)job.State,
        (long)job.Attempt,
        (long)job.Revision,
        job.SubmittedAt.ToUnixTimeMilliseconds(),
        ReferenceEquals(job.Spec, job.Group?.Spec) ? Shared : JsonSerializer.SerializeToUtf8Bytes(StoredSpec.From(job.Spec), StoreJson.Default.StoredSpec),
        JsonSerializer.SerializeToUtf8Bytes(StoredStatus.From(job.Status), StoreJson.Default.StoredStatus),
        (long?)job.Group?.Number.Value,
        job.Group is null ? null : (long)job.Ordinal,
        (job.Status as JobStatus.Ended)?.EndedAt.ToUnixTimeMilliseconds(),
        job.Spec.ScriptHash,
        job.Spec.EnvironmentHash,
        job.Status.Started?.ToUnixTimeMilliseconds(),
        (long)job.Spec.Gpus,
        job.Spec.Project);

    public static Job? Find(SqliteConnection connection, JobId id)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {Columns} FROM job WHERE id = $id";
        command.Parameters.AddWithValue("$id", (long)id.Value);
        return Read(command).FirstOrDefault();
    }

    /// <summary>All that have not ended, by id.</summary>
    public static List<Job> Live(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {Columns} FROM job INDEXED BY job_live WHERE state < 10 ORDER BY id";
        return Read(command);
    }

    public static List<Job> List(SqliteConnection connection, JobFilter query)
    {
        using var command = connection.CreateCommand();
        var conditions = new List<string>();
        if (query.Ids is { } ids)
        {
            conditions.Add($"id IN (SELECT value FROM json_each({Bind(command, "$ids", $"[{string.Join(',', ids)}]")}))");
        }

        if (query.Group is { } group)
        {
            conditions.Add($"group_number = {group.Value}");
        }

        if (query.GroupId is { } id)
        {
            conditions.Add($"group_number = (SELECT number FROM job_group WHERE id = {Bind(command, "$group", id.ToString())})");
        }

        if (query.States is { } states)
        {
            conditions.Add($"state IN ({string.Join(',', states.Select(state => (int)state))})");
        }

        if (query.Users is { } users)
        {
            conditions.Add($"user IN ({string.Join(',', users.Select((user, i) => Bind(command, $"$user{i}", user)))})");
        }

        if (query.CreatedAfter is { } after)
        {
            conditions.Add($"submitted_at >= {Bind(command, "$after", after.ToUnixTimeMilliseconds())}");
        }

        if (query.After is { } last)
        {
            conditions.Add($"id {(query.Descending ? '<' : '>')} {last.Value}");
        }

        command.CommandText = $"SELECT {Columns} FROM job"
            + (conditions.Count > 0 ? " WHERE " + string.Join(" AND ", conditions) : "")
            + $" ORDER BY id {(query.Descending ? "DESC" : "ASC")} LIMIT {query.Limit ?? -1} OFFSET {query.Offset}";
        return Read(command);
    }

    /// <summary>The N-th last submission of a user, counting the last as 1; null when there are fewer.</summary>
    public static JobId? NthLast(SqliteConnection connection, string user, uint n)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT id FROM job WHERE user = $user ORDER BY id DESC LIMIT 1 OFFSET $skip";
        command.Parameters.AddWithValue("$user", user);
        command.Parameters.AddWithValue("$skip", (long)n - 1);
        return command.ExecuteScalar() is long id ? new JobId((uint)id) : null;
    }

    /// <summary>The states of those of <paramref name="ids"/> that exist.</summary>
    public static Dictionary<JobId, JobState> States(SqliteConnection connection, IReadOnlyCollection<JobId> ids)
    {
        var states = new Dictionary<JobId, JobState>();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT state FROM job WHERE id = $id";
        var parameter = command.Parameters.Add("$id", SqliteType.Integer);
        foreach (var id in ids)
        {
            parameter.Value = (long)id.Value;
            if (command.ExecuteScalar() is long state)
            {
                states[id] = (JobState)state;
            }
        }

        return states;
    }

    public static JobId LastId(SqliteConnection connection) => new((uint)Database.ScalarInt64(connection, "SELECT max(id) FROM job"));

    /// <summary>Forgets jobs that ended before the instant, the oldest first. The newest job stays, so that its id is never given again.</summary>
    /// <param name="except">Jobs that live ones still depend on. Those of a group with live jobs stay as well.</param>
    /// <returns>Those that were forgotten, at most <paramref name="limit"/>.</returns>
    public static List<JobId> Forget(SqliteConnection writer, SqliteTransaction transaction, DateTimeOffset before, IReadOnlySet<JobId> except, int limit)
    {
        var old = new List<JobId>();
        using (var select = writer.CreateCommand())
        {
            select.Transaction = transaction;
            select.CommandText = "SELECT id FROM job WHERE ended_at < $before AND id < (SELECT max(id) FROM job) AND (group_number IS NULL OR (SELECT completed_at FROM job_group WHERE number = group_number) IS NOT NULL) ORDER BY ended_at LIMIT $limit";
            select.Parameters.AddWithValue("$before", before.ToUnixTimeMilliseconds());
            select.Parameters.AddWithValue("$limit", limit + except.Count);
            using var rows = select.ExecuteReader();
            while (rows.Read() && old.Count < limit)
            {
                var id = new JobId((uint)rows.GetInt64(0));
                if (!except.Contains(id))
                {
                    old.Add(id);
                }
            }
        }

        if (old.Count > 0)
        {
            using var delete = writer.CreateCommand();
            delete.Transaction = transaction;
            delete.CommandText = $"DELETE FROM job WHERE id IN ({string.Join(',', old)})";
            delete.ExecuteNonQuery();
        }

        return old;
    }

    public void Dispose() => _put.Dispose();

    private static string Bind(SqliteCommand command, string name, object value)
    {
        command.Parameters.AddWithValue(name, value);
        return name;
    }

    private static List<Job> Read(SqliteCommand command)
    {
        var jobs = new List<Job>();
        var groups = new Dictionary<JobId, JobGroup>();

        // Neighbours often ask for the same.
        byte[] before = [];
        JobSpec? spec = null;
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var group = reader.IsDBNull(9) ? null : Group(new JobId((uint)reader.GetInt64(9)));
            var bytes = reader.GetFieldValue<byte[]>(7);
            if (bytes.Length == 0)
            {
                spec = group!.Spec;
            }
            else if (!bytes.AsSpan().SequenceEqual(before))
            {
                spec = JsonSerializer.Deserialize(bytes, StoreJson.Default.StoredSpec)!.ToSpec();
            }

            before = bytes;
            jobs.Add(new Job(
                new JobId((uint)reader.GetInt64(0)),
                spec!,
                reader.GetString(1),
                (uint)reader.GetInt64(2),
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(6)),
                JsonSerializer.Deserialize(reader.GetFieldValue<byte[]>(8), StoreJson.Default.StoredStatus)!.ToStatus(),
                reader.GetInt32(4),
                reader.GetInt32(5))
            {
                Group = group,
                Ordinal = reader.IsDBNull(10) ? 0 : reader.GetInt32(10),
            });
        }

        return jobs;

        // Once for all of them, who share it.
        JobGroup Group(JobId number) => groups.TryGetValue(number, out var known) ? known : groups[number] = GroupTable.Find(command.Connection!, number)!.Group;
    }
}
