using System.Security.Cryptography;
using System.Text;
using Gflow.Daemon.Demo;
using Gflow.EndToEnd.TestKit;
using Microsoft.Data.Sqlite;

namespace Gflow.EndToEnd.Survival;

/// <summary>
/// Those a daemon tells: webhooks that are healthy, slow, failing every tenth time and gone, and a mail server. Knows what each of
/// them took and demands of it all that the database says has happened, in order, and the same bytes each time.
/// </summary>
internal sealed class Audience : IAsyncDisposable
{
    /// <summary>Where nobody listens.</summary>
    private const string Gone = "http://127.0.0.1:1/";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly Machine _machine;
    private readonly WebhookReceiver _slow;
    private readonly WebhookReceiver _failing;
    private readonly HashSet<int> _refused;

    private Audience(Machine machine, WebhookReceiver slow, WebhookReceiver failing, HashSet<int> refused)
    {
        _machine = machine;
        _slow = slow;
        _failing = failing;
        _refused = refused;
        machine.Configure(gpus: 4, more: $"""
            [[notifications.webhooks]]
            name = "slow"
            url = "{slow.Url}"

            [[notifications.webhooks]]
            name = "failing"
            url = "{failing.Url}"

            [[notifications.webhooks]]
            name = "gone"
            url = "{Gone}"
            """);
    }

    /// <summary>Targets that must get everything.</summary>
    public static int Served => 4;

    public static async Task<Audience> GatherAsync(Machine machine)
    {
        var refused = new HashSet<int>();
        return new Audience(
            machine,
            await WebhookReceiver.StartAsync(_ => new ReceiverAnswer(Delay: Pause)),
            await WebhookReceiver.StartAsync(request =>
            {
                if (request.Number % 10 != 0)
                {
                    return new ReceiverAnswer();
                }

                refused.Add(request.Number);
                return new ReceiverAnswer(500);
            }),
            refused);
    }

    /// <summary>Waits until nothing is left to deliver but to the one that is gone.</summary>
    public Task ServedAsync(TimeSpan patience) => _machine.UntilAsync(
        () => Task.FromResult(_machine.Query("SELECT count(*) FROM delivery WHERE state = 0 AND target <> 'gone'") == 0), "all that can be delivered is", patience);

    /// <summary>Checks what everybody got against what has happened.</summary>
    /// <returns>How many deliveries came more than once.</returns>
    public int Check()
    {
        var told = new Dictionary<uint, List<string>>();
        using var store = Open(_machine.Database);
        foreach (var (job, uid) in Pairs(store, "SELECT job, uid FROM event WHERE job IS NOT NULL ORDER BY seq"))
        {
            (told.TryGetValue(job, out var events) ? events : told[job] = []).Add(uid);
        }

        Assert.NotEmpty(told);
        Assert.Equal(0L, Number(store, "SELECT count(*) FROM delivery WHERE state <> 1 AND target <> 'gone'"));
        Assert.Equal(0L, Number(store, "SELECT count(*) FROM delivery WHERE state <> 0 AND target = 'gone'"));
        var failing = _failing.Requests.Snapshot();
        return Compare("hook", told, _machine.Hook.Requests.Snapshot().Select(Message), [])
            + Compare("slow", told, _slow.Requests.Snapshot().Select(Message), [])
            + Compare("failing", told, failing.Select(Message), _refused)
            + Compare("mail", told, _machine.Mail.Mails.Snapshot().Select(mail => (Uid: mail.Message.MessageId!.Split('.')[0], mail.Message.MessageId!, mail.Raw)), []);
    }

    /// <summary>Whether a copy of the files that a killed daemon left has each job as its last event says, and a delivery of each event for every target.</summary>
    public void CheckFiles()
    {
        var copy = _machine.At("copy.db");
        foreach (var suffix in (string[])["", "-wal"])
        {
            File.Copy(_machine.Database + suffix, copy + suffix, overwrite: true);
        }

        using var store = Open(copy);

        // Only moves within "Running" have no event of their own: when the launcher is asked, and when a job's last processes are awaited.
        Assert.Equal(0L, Number(store, """
            WITH last AS (SELECT job, max(seq) AS seq, count(*) AS events FROM event WHERE job IS NOT NULL GROUP BY job),
                told AS (SELECT event.job, payload ->> '$.job.revision' AS revision, payload ->> '$.job.state' AS state, events
                    FROM last JOIN event ON event.seq = last.seq)
            SELECT count(*) FROM job FULL JOIN told ON told.job = job.id
            WHERE job.id IS NULL OR told.job IS NULL OR told.revision > job.revision
                OR (job.state <> 2 AND (told.revision <> job.revision
                    OR told.state <> CASE job.state WHEN 0 THEN 'Queued' WHEN 1 THEN 'Hold' WHEN 10 THEN 'Finished' WHEN 11 THEN 'Failed' WHEN 12 THEN 'Cancelled' ELSE 'Timeout' END))
            """));
        Assert.Equal(0L, Number(store, "SELECT count(*) FROM event WHERE job IS NOT NULL AND (SELECT count(*) FROM delivery WHERE event = event.seq) <> 5"));
    }

    public async ValueTask DisposeAsync()
    {
        await _slow.DisposeAsync();
        await _failing.DisposeAsync();
    }

    private static (string Uid, string Id, byte[] Bytes) Message(ReceivedRequest request) => (request.Headers["webhook-id"], request.Headers["webhook-id"], request.Body);

    private static int Compare(string target, Dictionary<uint, List<string>> told, IEnumerable<(string Uid, string Id, byte[] Bytes)> received, HashSet<int> refused)
    {
        var jobs = told.SelectMany(pair => pair.Value.Select(uid => (uid, pair.Key))).ToDictionary();
        var seen = new Dictionary<string, byte[]>();
        var taken = new HashSet<string>();
        var inOrder = told.Keys.ToDictionary(job => job, _ => new List<string>());
        var (number, repeats) = (0, 0);
        foreach (var (uid, id, bytes) in received)
        {
            number++;
            var hash = SHA256.HashData(bytes);
            if (!seen.TryAdd(id, hash))
            {
                Assert.True(seen[id].AsSpan().SequenceEqual(hash), $"{target} got {id} again as other bytes: {Encoding.UTF8.GetString(bytes)}");
            }

            if (refused.Contains(number))
            {
                continue;
            }

            if (!taken.Add(id))
            {
                repeats++;
            }
            else if (jobs.TryGetValue(uid, out var job))
            {
                inOrder[job].Add(uid);
            }
        }

        var (wrong, events) = told.FirstOrDefault(pair => !pair.Value.SequenceEqual(inOrder[pair.Key]));
        Assert.True(events is null, $"{target} was not told of job {wrong} as it happened. Told: {string.Join(' ', inOrder.GetValueOrDefault(wrong, []))}; happened: {string.Join(' ', events ?? [])}");
        return repeats;
    }

    private static SqliteConnection Open(string database)
    {
        var connection = new SqliteConnection($"Data Source={database};Pooling=False");
        connection.Open();
        return connection;
    }

    private static long Number(SqliteConnection store, string sql)
    {
        using var command = store.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private static IEnumerable<(uint Job, string Uid)> Pairs(SqliteConnection store, string sql)
    {
        using var command = store.CreateCommand();
        command.CommandText = sql;
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            yield return ((uint)rows.GetInt64(0), rows.GetString(1));
        }
    }
}
