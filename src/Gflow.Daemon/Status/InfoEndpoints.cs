using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Gpus;
using Gflow.Daemon.Http;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Platform;
using Gflow.Daemon.Storage;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Status;

/// <summary>What there is to know about the daemon itself.</summary>
internal sealed class InfoEndpoints(JobEngine engine, Database database, NotificationsModule notifications, DaemonFacts facts, TimeProvider time)
{
    private const string Executor = "process";

    private readonly Ailments _ailments = new(engine, database, notifications, time);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], context => context.Response.WriteAsync($"gflow {facts.Version}\n", context.RequestAborted));
        routes.Read(AccessRules.OpenPath, Health);
        routes.Read("/status", Status);
        routes.Read("/info", Info);
    }

    private Result<Answer> Health(HttpContext context)
    {
        var trouble = engine.Troubles is [var gravest, ..] ? gravest : null;
        // Everybody may ask whether the daemon lives, but paths and errors are not a stranger's.
        var detail = context.Features.Get<Actor>() is null ? null : trouble?.Message;
        return Answer.Of(
            new HealthAnswer(trouble is null ? "ok" : engine.IsReadOnly ? "read_only" : "no_new_work", Environment.ProcessId, trouble?.Code, detail),
            WireJson.Default.HealthAnswer,
            trouble is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private Result<Answer> Status(HttpContext context)
    {
        var board = engine.Current.Board;
        var administers = Access.ActorOf(context).Administrator;
        var answer = new StatusAnswer
        {
            Version = facts.Version,
            Pid = Environment.ProcessId,
            UptimeSecs = Math.Max(0, (long)(time.GetUtcNow() - engine.StartedAt).TotalSeconds),
            Executor = Executor,
            GpuTotal = board.Gpus.Slots.Length,
            GpuAvailable = board.Gpus.Slots.Count(board.IsFree),
            GpuNotes = GpuMapping.Notes(board),
            User = facts.Owner.Name,
            Shared = facts.Shared,
            DataDir = facts.Paths.Root,
            Socket = facts.Socket,
            Url = Url(context),
            RunningJobs = board.Jobs.Live.Values.Count(job => job.State == JobState.Running),
            QueuedJobs = board.Jobs.Live.Values.Count(job => job.State == JobState.Queued),
            Ill = _ailments.Of(board, administers),
            Heartbeat = administers && notifications.Heartbeat is { } pulse ? new HeartbeatView(pulse.Host, pulse.Every.TotalSeconds, WireInstant.From(pulse.LastAnswered), pulse.Problem) : null,
            ConfigFile = File.Exists(facts.ConfigFile) ? facts.ConfigFile : null,
            LogFile = facts.Log.File,
            LogUnit = facts.Log.Unit,
            Troubles = [.. engine.Troubles.Select(trouble => new WireProblem(trouble.Code, trouble.Message))],
            UnknownProcesses = !administers ? [] :
                [.. engine.Strangers.Where(process => new ProcessIdentity(process.Pid, process.StartTime).IsAlive).Select(process => new UnknownProcess(process.Pid, process.Name))],
            UnknownTargets = !administers ? [] : UnknownTargets(),
            UnknownJobs = !administers ? [] : [.. board.Gpus.Unknown.Select(run => new UnknownJob(run.Job.Value, run.Attempt, run.Pid))],
        };
        return Answer.Of(answer, WireJson.Default.StatusAnswer);
    }

    private IReadOnlyList<UnknownTarget> UnknownTargets()
    {
        try
        {
            using var reader = database.OpenReader();
            return [.. notifications.ReadUnattended(reader).Select(target => new UnknownTarget(target.Target, target.Waiting, WireInstant.From(target.Until)))];
        }
        catch (SqliteException)
        {
            // A store that cannot be read is a trouble by itself, and the status is where people look for it.
            return [];
        }
    }

    private Result<Answer> Info(HttpContext context)
    {
        var board = engine.Current.Board;
        var answer = new InfoAnswer(GpuMapping.Views(board), board.AllowedGpus, board.Limits.AtRandom ? "random" : "sequential", Executor, facts.Shared)
        {
            Driver = board.Gpus.Driver,
            Notes = GpuMapping.Notes(board),
        };
        return Answer.Of(answer, WireJson.Default.InfoAnswer);
    }

    private static string? Url(HttpContext context) =>
        context.RequestServices.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses
            .FirstOrDefault(address => !address.StartsWith("http://unix:", StringComparison.Ordinal));
}
