using Gflow.Core.Contracts;
using Gflow.Core.Notifications;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Notifications.Control;

/// <summary>Targets as the API shows them.</summary>
internal static class TargetMapping
{
    /// <summary>A target whose oldest message has waited longer is ill, whatever it answers.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    /// <summary>All that <see cref="Health"/> can say.</summary>
    public static readonly IReadOnlyList<string> States = ["ok", "unproven", "failing", "stopped", "gone", "paused", "off"];

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>All that are configured.</summary>
    public static List<TargetView> Views(NotificationsModule notifications, SqliteConnection reader, DateTimeOffset now)
    {
        var counts = TargetCounts.Read(reader);
        return [.. notifications.Targets.Select(target => View(target, notifications.LaneTo(target.Name), counts.GetValueOrDefault(target.Name), reader, now))];
    }

    /// <param name="lane">Null while notifications are off.</param>
    public static TargetView View(TargetOptions target, Lane? lane, TargetCounts counts, SqliteConnection reader, DateTimeOffset now)
    {
        var status = lane?.Current;
        return new TargetView
        {
            Name = target.Name,
            Kind = target.Kind,
            Host = target.Host,
            Health = Health(status),
            Ill = IsIll(status, counts, now),
            Since = WireInstant.From(Since(status)),
            PausedBy = status?.Pause?.User,
            Waiting = counts.Waiting,
            OldestWaiting = WireInstant.From(counts.Oldest),
            InFlight = status?.Sending.Count ?? 0,
            DeliveredLastMinute = lane?.DeliveredLastMinute ?? 0,
            DeadLastDay = TargetCounts.Dead(reader, new DeadSpan(target.Name, now - Day, now)),
            LastError = status?.LastError?.Reason,
            LastErrorAt = WireInstant.From(status?.LastError?.At),
            LastDeliveredAt = WireInstant.From(status?.LastDelivered),
            NextProbeAt = WireInstant.From(NextProbe(status, now)),
        };
    }

    /// <param name="status">Null while notifications are off.</param>
    public static string Health(LaneStatus? status) => status switch
    {
        null => "off",
        { Pause: not null } => "paused",
        { Health: TargetHealth.Disabled } => "gone",
        { Health: TargetHealth.Stopped } => "stopped",
        { IsFailing: true } => "failing",
        { LastDelivered: null } => "unproven",
        _ => "ok",
    };

    /// <summary>A pause is somebody's wish and no illness.</summary>
    private static bool IsIll(LaneStatus? status, TargetCounts counts, DateTimeOffset now) =>
        status is { Pause: null } && (status.Health is TargetHealth.Stopped or TargetHealth.Disabled || now - counts.Oldest > LongestWait);

    private static DateTimeOffset? Since(LaneStatus? status) => status switch
    {
        { Pause: { } pause } => pause.At,
        { Health: TargetHealth.Stopped stopped } => stopped.Since,
        { Health: TargetHealth.Disabled gone } => gone.Since,
        _ => null,
    };

    private static DateTimeOffset? NextProbe(LaneStatus? status, DateTimeOffset now) => status switch
    {
        null or { Pause: not null } => null,
        { Health: TargetHealth.Stopped stopped } => stopped.NextProbe,
        { Health: TargetHealth.Serving { RestsUntil: var rest } } when rest > now => rest,
        _ => null,
    };
}
