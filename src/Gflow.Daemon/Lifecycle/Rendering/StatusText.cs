using System.Text;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Daemon.Lifecycle.Rendering;

/// <summary>What <c>gflowd status</c> shows of a running daemon.</summary>
internal static class StatusText
{
    public static string Format(StatusAnswer status)
    {
        var text = new StringBuilder();
        Add("Status", status.Troubles.Count > 0 ? "Running, takes no new work" : status.Ill.Count > 0 ? "Running, with trouble" : "Running");
        foreach (var ill in status.Ill)
        {
            Add("Trouble", ill.Message);
        }

        Add("Daemon", status.Shared ? "shared daemon of this machine" : $"{status.User}'s own");
        Add("Version", status.Version);
        Add("User", status.User);
        Add("PID", $"{status.Pid}");
        Add("Uptime", DurationText.FormatUptime(TimeSpan.FromSeconds(status.UptimeSecs)));
        Add("Executor", status.Executor);
        Add("GPUs", $"{status.GpuTotal} total, {status.GpuAvailable} available");
        foreach (var note in status.GpuNotes ?? [])
        {
            Add("", note);
        }

        Add("Jobs", $"{status.RunningJobs} running, {status.QueuedJobs} queued");
        if (status.Heartbeat is { } heartbeat)
        {
            Add("Heartbeat", $"to {heartbeat.Host} every {DurationText.FormatCompact(TimeSpan.FromSeconds(heartbeat.EverySecs))}, {(heartbeat.LastAnsweredAt is { } at ? $"last answered at {at.ToInstant():u}" : "not answered yet")}");
        }

        Add("Socket", status.Socket);
        Add("URL", status.Url ?? "none");
        Add("Config", status.ConfigFile ?? "no file, defaults and environment");
        Add("Data", status.DataDir);
        Add("Log", status.LogFile ?? (status.LogUnit is { } unit ? $"systemd's journal, unit {unit} (gflowd log)" : "standard error of the daemon"));
        foreach (var unknown in status.UnknownJobs)
        {
            Add("Unknown", $"job {unknown.Id}, attempt {unknown.Attempt}, pid {unknown.Pid}: it runs, but the database does not have it");
        }

        foreach (var unknown in status.UnknownProcesses)
        {
            Add("Unknown", $"process {unknown.Pid} ({unknown.Name}): it came from a job, and has hidden from which");
        }

        foreach (var unknown in status.UnknownTargets)
        {
            Add("Unknown", $"target {unknown.Name}: {(unknown.Waiting == 1 ? "1 delivery waits" : $"{unknown.Waiting} deliveries wait")} for it, and it is not configured; given up by {unknown.Until.ToInstant():u}");
        }

        return text.ToString();

        void Add(string label, string value) => text.Append($"{(label.Length > 0 ? label + ":" : ""),-11}{SafeText.Line(value)}\n");
    }
}
