using System.Globalization;
using Gflow.Core;
using Gflow.Core.Jobs;
using Gflow.Core.Text;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Jobs;

/// <summary>Finds groups by what people call them: their id, or the number of their first job.</summary>
internal sealed class GroupLookup(JobEngine engine, Database database)
{
    /// <summary>The group that a request's path names.</summary>
    public Result<FoundGroup> Named(HttpContext context)
    {
        using var reader = database.OpenReader();
        return Find(context, reader).Then<FoundGroup>(row =>
        {
            var live = engine.Current.Board.Jobs.Groups.GetValueOrDefault(row.Group.Number);
            return new FoundGroup(live ?? GroupTable.Progress(reader, row), live is null ? row.CompletedAt : null);
        });
    }

    /// <summary>Its number.</summary>
    public Result<JobId> Number(HttpContext context)
    {
        using var reader = database.OpenReader();
        return Find(context, reader).Map(row => row.Group.Number);
    }

    /// <summary>The indices of the tasks that a query means; null for all.</summary>
    public static Result<IReadOnlySet<uint>?> Tasks(HttpContext context)
    {
        var text = context.Request.Query["tasks"].ToString();
        return text.Length == 0
            ? Result<IReadOnlySet<uint>?>.From(null)
            : IndexListText.Parse(text).Map<IReadOnlySet<uint>?>(indices => indices.ToHashSet());
    }

    private static Result<GroupRow> Find(HttpContext context, SqliteConnection reader)
    {
        var text = context.Request.RouteValues["id"] as string ?? "";
        var isNumber = uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0;
        if (!isNumber && !Guid.TryParseExact(text, "D", out _))
        {
            return new Problem(ProblemCode.BadId, $"'{text}' is no group: write its id (a UUID), or the number of its first job", "id");
        }

        var row = isNumber ? GroupTable.Find(reader, new JobId(number)) : GroupTable.Find(reader, Guid.Parse(text));
        return row is not null ? row
            : isNumber && JobTable.Find(reader, new JobId(number)) is { Group: { } group } ? new Problem(ProblemCode.NotFound, $"Job {number} is one of group {group.Number}; write {group.Number} for the group", "id")
            : new Problem(ProblemCode.NotFound, $"There is no group {text}", "id");
    }
}

/// <param name="CompletedAt">When its last job ended; null while one is live.</param>
internal sealed record FoundGroup(GroupProgress Progress, DateTimeOffset? CompletedAt);
