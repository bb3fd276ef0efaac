using Gflow.Core.Events;
using Gflow.Core.Jobs;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Metrics;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Control;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Status;

/// <summary>
/// What Prometheus is told. Labels are names of targets, of events and of a few states: no user, no job and no address. It reads
/// what is committed, so that asking never waits for the writer.
/// </summary>
internal sealed class MetricsEndpoint(JobEngine engine, Database database, NotificationsModule notifications, TimeProvider time)
{
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    public void Map(IEndpointRouteBuilder routes) => routes.MapMethods("/metrics", Reading, AnswerAsync);

    private Task AnswerAsync(HttpContext context)
    {
        var text = new Exposition();
        Machine(text);
        Engine(text);
        Targets(text);
        context.Response.ContentType = Exposition.ContentType;
        return context.Response.WriteAsync(text.ToString(), context.RequestAborted);
    }

    private void Machine(Exposition text)
    {
        var board = engine.Current.Board;
        text.Gauge("gflow_jobs_queued", "Jobs that wait.");
        text.Sample(board.Jobs.Live.Values.Count(job => job.State == JobState.Queued));
        text.Gauge("gflow_jobs_running", "Jobs that run.");
        text.Sample(board.Jobs.Live.Values.Count(job => job.State == JobState.Running));
        text.Gauge("gflow_gpus_total", "GPUs of the machine.");
        text.Sample(board.Gpus.Slots.Length);
        text.Gauge("gflow_gpus_available", "GPUs that a job could be given now.");
        text.Sample(board.Gpus.Slots.Count(board.IsFree));
        text.Gauge("gflow_troubles", "Reasons for which no new work is taken; 0 while all is well.");
        text.Sample(engine.Troubles.Count);
    }

    private void Engine(Exposition text)
    {
        var metrics = engine.Metrics;
        text.Counter("gflow_notify_events_total", "Events that were committed, whether or not anybody is told.");
        foreach (var type in Enum.GetValues<EventType>())
        {
            text.Sample(metrics.EventsOf(type), ("type", type.WireName()));
        }

        text.Histogram("gflow_notify_commit_seconds", "Time until a batch was on disk.");
        text.Sample(metrics.CommitSeconds);
        text.Histogram("gflow_notify_commit_batch_size", "Commands that shared one commit.");
        text.Sample(metrics.BatchSize);
    }

    private void Targets(Exposition text)
    {
        using var reader = database.OpenReader();
        var waiting = TargetCounts.Read(reader);
        var now = time.GetUtcNow();
        List<(string Name, Lane? Lane)> targets = [.. notifications.Targets.Select(target => (target.Name, notifications.LaneTo(target.Name)))];
        List<(string Name, Lane Lane)> lanes = [.. targets.Where(target => target.Lane is not null).Select(target => (target.Name, target.Lane!))];

        text.Gauge("gflow_notify_pending", "Deliveries that wait.");
        targets.ForEach(target => text.Sample(waiting.GetValueOrDefault(target.Name).Waiting, ("target", target.Name)));
        text.Gauge("gflow_notify_oldest_pending_seconds", "Age of the oldest event that waits; 0 when nothing does.");
        targets.ForEach(target => text.Sample(Age(waiting.GetValueOrDefault(target.Name).Oldest, now), ("target", target.Name)));
        text.Gauge("gflow_notify_dead", "Deliveries that were given up and are kept; sending them again takes them away.");
        targets.ForEach(target => text.Sample(TargetCounts.Dead(reader, new DeadSpan(target.Name, DateTimeOffset.UnixEpoch, now)), ("target", target.Name)));
        text.Gauge("gflow_notify_in_flight", "Attempts under way.");
        targets.ForEach(target => text.Sample(target.Lane?.Current.Sending.Count ?? 0, ("target", target.Name)));
        text.Gauge("gflow_notify_target_state", "1 for the state that the target is in, 0 for the others.");
        foreach (var (name, lane) in targets)
        {
            var health = TargetMapping.Health(lane?.Current);
            foreach (var state in TargetMapping.States)
            {
                text.Sample(state == health ? 1 : 0, ("target", name), ("state", state));
            }
        }

        text.Counter("gflow_notify_deliveries_total", "Deliveries that came to their end.");
        foreach (var (name, lane) in lanes)
        {
            text.Sample(lane.Metrics.Delivered, ("target", name), ("outcome", "delivered"));
            text.Sample(lane.Metrics.Dead, ("target", name), ("outcome", "dead"));
        }

        text.Counter("gflow_notify_attempts_total", "Attempts, by the first digit of the answer's code.");
        foreach (var (name, lane) in lanes)
        {
            for (var i = 0; i < LaneMetrics.CodeClasses.Count; i++)
            {
                text.Sample(lane.Metrics.AttemptsAnswered(i), ("target", name), ("code_class", LaneMetrics.CodeClasses[i]));
            }
        }

        text.Histogram("gflow_notify_attempt_seconds", "Time that an attempt took, answered or not.");
        lanes.ForEach(target => text.Sample(target.Lane.Metrics.AttemptSeconds, ("target", target.Name)));
        text.Histogram("gflow_notify_handoff_seconds", "Time from an event to the first attempt that counted.");
        lanes.ForEach(target => text.Sample(target.Lane.Metrics.HandoffSeconds, ("target", target.Name)));
    }

    private static double Age(DateTimeOffset? since, DateTimeOffset now) => since is { } at && now > at ? (now - at).TotalSeconds : 0;
}
