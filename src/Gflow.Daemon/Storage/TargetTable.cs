using Gflow.Core.Notifications;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>What an heir of a target was left.</summary>
/// <param name="Waiting">Deliveries that waited.</param>
/// <param name="Dead">Deliveries that had been given up, and can be sent again.</param>
internal sealed record Inheritance(string From, string To, long Waiting, long Dead);

/// <summary>What waits for a target that is not configured.</summary>
/// <param name="From">When the first of it is given up.</param>
/// <param name="Until">When the last of it is.</param>
internal sealed record Unattended(string Target, long Waiting, DateTimeOffset From, DateTimeOffset Until);

/// <summary>The targets of the last configuration, and those of earlier ones for which something waits.</summary>
internal static class TargetTable
{
    /// <summary>
    /// Takes a configuration's targets down, and hands what waits for those that are gone to their heirs: it is due at once, for the
    /// trouble with the old address is none of the new one's.
    /// </summary>
    /// <param name="now">What there is from now on.</param>
    /// <param name="kindOf">Of a target of which nothing is left but what waits for it, by whether that goes to a mailbox.</param>
    /// <param name="paused">How long what waits for a paused target is kept once nobody can resume it.</param>
    public static IReadOnlyList<Inheritance> Succeed(
        SqliteConnection writer, SqliteTransaction transaction, IReadOnlyList<KnownTarget> now, DateTimeOffset at, TimeSpan paused, Func<bool, string> kindOf)
    {
        var before = Read(writer, transaction, kindOf);
        if (before.Where(old => !old.IsAway).ToHashSet().SetEquals(now))
        {
            return [];
        }

        List<Inheritance> inheritances = [.. TargetSuccession.Find(before, now).Select(heir => Hand(writer, transaction, heir, at))];
        Execute(writer, transaction, "DELETE FROM target");
        foreach (var target in now)
        {
            Insert(writer, transaction, target);
        }

        var pending = DeliveryTable.ReadPendingTargets(writer, transaction).ToHashSet();
        foreach (var gone in before.Where(old => now.All(target => target.Name != old.Name) && pending.Contains(old.Name)))
        {
            Insert(writer, transaction, gone with { IsAway = true });
            if (!gone.IsAway)
            {
                Execute(
                    writer,
                    transaction,
                    """
                    UPDATE delivery SET deadline = MAX(deadline, $deadline)
                    WHERE state = 0 AND target = $target AND EXISTS (SELECT 1 FROM target_pause WHERE target = $target)
                    """,
                    (at + paused).ToUnixTimeMilliseconds(),
                    gone.Name);
            }
        }

        return inheritances;
    }

    /// <summary>What waits for others than the configured targets.</summary>
    /// <param name="configured">Their names.</param>
    public static IReadOnlyList<Unattended> ReadUnattended(SqliteConnection reader, IReadOnlySet<string> configured)
    {
        var unattended = new List<Unattended>();
        foreach (var target in DeliveryTable.ReadPendingTargets(reader).Where(target => !configured.Contains(target)))
        {
            using var command = reader.CreateCommand();
            command.CommandText = "SELECT COUNT(*), MIN(deadline), MAX(deadline) FROM delivery WHERE state = 0 AND target = $target";
            command.Parameters.AddWithValue("$target", target);
            using var rows = command.ExecuteReader();
            if (rows.Read() && rows.GetInt64(0) > 0)
            {
                unattended.Add(new Unattended(target, rows.GetInt64(0), DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(1)), DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(2))));
            }
        }

        return unattended;
    }

    private static Inheritance Hand(SqliteConnection writer, SqliteTransaction transaction, TargetHeir heir, DateTimeOffset at)
    {
        var (from, to) = (heir.From.Name, heir.To.Name);

        // A mail that was refused for its sender would be refused again.
        var body = heir.From.Sender is { } sender && sender != heir.To.Sender ? "NULL" : "body";
        var waiting = Execute(
            writer,
            transaction,
            $"UPDATE delivery SET target = $to, next_at = MIN(next_at, $now), body = {body} WHERE state = 0 AND target = $from",
            to,
            at.ToUnixTimeMilliseconds(),
            from);
        var dead = Execute(writer, transaction, $"UPDATE delivery SET target = $to, body = {body} WHERE state = 2 AND target = $from", to, from);
        if (from != to)
        {
            Execute(writer, transaction, "UPDATE OR IGNORE target_pause SET target = $to WHERE target = $from; DELETE FROM target_pause WHERE target = $from", to, from);
            Execute(writer, transaction, "UPDATE OR IGNORE target_spell SET target = $to WHERE target = $from; DELETE FROM target_spell WHERE target = $from", to, from);
        }

        return new Inheritance(from, to, waiting, dead);
    }

    /// <summary>Those of a version that took nothing down are known by what waits for them.</summary>
    private static List<KnownTarget> Read(SqliteConnection writer, SqliteTransaction transaction, Func<bool, string> kindOf)
    {
        var known = new List<KnownTarget>();
        using var command = writer.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "SELECT name, named, kind, address, place, sender, away FROM target ORDER BY kind, place, name";
        using (var rows = command.ExecuteReader())
        {
            while (rows.Read())
            {
                known.Add(new KnownTarget
                {
                    Name = rows.GetString(0),
                    IsNamed = rows.GetBoolean(1),
                    Kind = rows.GetString(2),
                    Address = rows.GetString(3),
                    Place = rows.IsDBNull(4) ? null : rows.GetInt32(4),
                    Sender = rows.IsDBNull(5) ? null : rows.GetString(5),
                    IsAway = rows.GetBoolean(6),
                });
            }
        }

        foreach (var name in DeliveryTable.ReadPendingTargets(writer, transaction).Where(name => known.TrueForAll(target => target.Name != name)).ToList())
        {
            using var mail = writer.CreateCommand();
            mail.Transaction = transaction;
            mail.CommandText = "SELECT recipient FROM delivery WHERE state = 0 AND target = $target LIMIT 1";
            mail.Parameters.AddWithValue("$target", name);
            if (KnownTarget.Unnamed(name, kindOf(mail.ExecuteScalar() is string)) is { } unnamed)
            {
                known.Add(unnamed);
            }
        }

        return known;
    }

    private static void Insert(SqliteConnection writer, SqliteTransaction transaction, KnownTarget target) => Execute(
        writer,
        transaction,
        "INSERT INTO target (name, named, kind, address, place, sender, away) VALUES ($name, $named, $kind, $address, $place, $sender, $away)",
        target.Name,
        target.IsNamed,
        target.Kind,
        target.Address,
        target.Place,
        target.Sender,
        target.IsAway);

    /// <inheritdoc cref="Statement.Execute"/>
    private static int Execute(SqliteConnection writer, SqliteTransaction transaction, string sql, params ReadOnlySpan<object?> values)
    {
        using var statement = new Statement(writer, sql);
        return statement.Execute(transaction, values);
    }
}
