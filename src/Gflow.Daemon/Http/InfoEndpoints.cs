using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Daemon.Lifecycle;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Http;

/// <summary>What there is to know about the daemon itself.</summary>
internal sealed class InfoEndpoints(ApiParts parts)
{
    private const string Executor = "process";

    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/", Reading, context => context.Response.WriteAsync($"gflow {parts.Facts.Version}\n", context.RequestAborted));
        routes.MapMethods(AccessRules.OpenPath, Reading, HealthAsync);
        routes.MapMethods("/status", Reading, StatusAsync);
        routes.MapMethods("/info", Reading, InfoAsync);
    }

    private Task HealthAsync(HttpContext context)
    {
        var trouble = parts.Engine.Troubles is [var gravest, ..] ? gravest : null;
        // Everybody may ask whether the daemon lives, but paths and errors are not a stranger's.
        var detail = context.Features.Get<Caller>() is null ? null : trouble?.Message;
        return ProblemMapping.JsonAsync(
            context,
            trouble is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            new HealthAnswer(trouble is null ? "ok" : parts.Engine.IsReadOnly ? "read_only" : "no_new_work", Environment.ProcessId, trouble?.Code, detail),
            WireJson.Default.HealthAnswer);
    }

    private Task StatusAsync(HttpContext context)
    {
        var board = parts.Engine.Current.Board;
        var answer = new StatusAnswer
        {
            Version = parts.Facts.Version,
            Pid = Environment.ProcessId,
            UptimeSecs = Math.Max(0, (long)(parts.Time.GetUtcNow() - parts.Engine.StartedAt).TotalSeconds),
            Executor = Executor,
            GpuTotal = board.Gpus.Slots.Length,
            GpuAvailable = board.Gpus.Slots.Count(board.IsFree),
            User = parts.Facts.Owner.User,
            Shared = parts.Facts.Shared,
            DataDir = parts.Facts.Paths.Root,
            Socket = parts.Facts.Socket,
            Url = Url(context),
            RunningJobs = board.Jobs.Live.Values.Count(job => job.State == JobState.Running),
            QueuedJobs = board.Jobs.Live.Values.Count(job => job.State == JobState.Queued),
            Troubles = [.. parts.Engine.Troubles.Select(trouble => new WireProblem(trouble.Code, trouble.Message))],
            UnknownProcesses = !Access.CallerOf(context).Administrator ? [] :
                [.. parts.Engine.Strangers.Where(process => new ProcessIdentity(process.Pid, process.StartTime).IsAlive).Select(process => new UnknownProcess(process.Pid, process.Name))],
            UnknownTargets = UnknownTargets(context),
            UnknownJobs = !Access.CallerOf(context).Administrator ? [] : [.. board.Gpus.Unknown.Select(run => new UnknownJob(run.Job.Value, run.Attempt, run.Pid))],
        };
        return ProblemMapping.JsonAsync(context, StatusCodes.Status200OK, answer, WireJson.Default.StatusAnswer);
    }

    private IReadOnlyList<UnknownTarget> UnknownTargets(HttpContext context)
    {
        if (!Access.CallerOf(context).Administrator)
        {
            return [];
        }

        try
        {
            using var reader = parts.Database.OpenReader();
            return [.. parts.Notifications.ReadUnattended(reader).Select(target => new UnknownTarget(target.Target, target.Waiting, WireInstant.From(target.Until)))];
        }
        catch (SqliteException)
        {
            // A store that cannot be read is a trouble by itself, and the status is where people look for it.
            return [];
        }
    }

    private Task InfoAsync(HttpContext context)
    {
        var board = parts.Engine.Current.Board;
        var gpus = board.Gpus.Slots
            .Select(gpu => new GpuView(
                gpu.Uuid, gpu.Index, board.IsFree(gpu), board.Hindrance(gpu), board.Jobs.Occupied.TryGetValue(gpu.Index, out var job) ? [job.Value] : []));
        return ProblemMapping.JsonAsync(
            context, StatusCodes.Status200OK, new InfoAnswer([.. gpus], null, "sequential", Executor, parts.Facts.Shared), WireJson.Default.InfoAnswer);
    }

    private static string? Url(HttpContext context) =>
        context.RequestServices.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses
            .FirstOrDefault(address => !address.StartsWith("http://unix:", StringComparison.Ordinal));
}
