using System.Text.Json;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Jobs;

/// <summary>A job as the API shows it.</summary>
internal static class JobMapping
{
    /// <param name="seen">Knows why live jobs wait.</param>
    /// <param name="paths">Know where its output goes.</param>
    /// <param name="sight">What whoever asks sees of it.</param>
    public static JobView View(Job job, Committed seen, DataPaths paths, Sight sight)
    {
        var spec = job.Spec;
        var on = spec.Dependencies.On;
        var end = (job.Status as JobStatus.Ended)?.End;
        var reason = sight.Command ? seen.ReasonOf(job) : seen.ReasonOf(job)?.Discreet;
        return new()
        {
            Id = job.Id.Value,
            Script = sight.Command ? spec.Script : null,
            Command = sight.Command ? spec.Command : null,
            Arguments = sight.Command ? spec.Arguments : [],
            Gpus = spec.Gpus,
            RunDir = sight.Command ? spec.RunDir : null,
            Priority = spec.Priority,
            DependsOn = on.Count == 1 ? on[0].Value : null,
            DependsOnIds = [.. on.Select(id => id.Value)],
            DependencyMode = on.Count == 0 ? null : spec.Dependencies.Mode == DependencyMode.Any ? "Any" : "All",
            AutoCancelOnDependencyFailure = spec.Dependencies.AutoCancel,
            TimeLimit = WireDuration.From(spec.TimeLimit),
            SubmittedBy = job.SubmittedBy,
            RedoneFrom = spec.RedoneFrom?.Value,
            RunName = job.RunName,
            Name = spec.Name,
            Project = spec.Project,
            State = job.State.ToString(),
            GpuIds = job.Status.AssignedGpus,
            SubmittedAt = WireInstant.From(job.SubmittedAt),
            StartedAt = WireInstant.From(job.Status.Started),
            FinishedAt = WireInstant.From((job.Status as JobStatus.Ended)?.EndedAt),
            Reason = reason is null ? null : Wire(reason),
            ReasonText = reason?.Text,
            ExitCode = end?.ExitCode,
            Signal = end?.ExitSignal is { } signal ? SignalText.Name(signal) : null,
            LogPath = sight.Log ? paths.LogOf(job.Id) : null,
            Attempt = job.Attempt,
            Alive = job.State == JobState.Running ? true : null,
            Notifications = sight.Own && spec.Notifications is { } wish ? new() { Emails = wish.Emails, Events = wish.Events } : null,
            Hidden = Hidden(sight),
        };
    }

    /// <summary>The same for all jobs of a kind of reader: it must not tell which of these a job has.</summary>
    private static List<string>? Hidden(Sight sight)
    {
        if (sight.Own)
        {
            return null;
        }

        string[] command = sight.Command ? [] : ["script", "command", "arguments", "run_dir"];
        string[] log = sight.Log ? [] : ["log_path"];
        return [.. command, .. log, "notifications"];
    }

    /// <summary>A word, or an object with the word as its one key where the reason carries something.</summary>
    public static JsonElement Wire(JobReason reason)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(64);
        using (var json = new Utf8JsonWriter(buffer))
        {
            switch (reason.Kind)
            {
                case ReasonKind.DependencyFailed when reason.Dependency is { } id:
                    json.WriteStartObject();
                    json.WriteNumber(nameof(ReasonKind.DependencyFailed), id.Value);
                    json.WriteEndObject();
                    break;
                case ReasonKind.SystemError:
                    json.WriteStartObject();
                    json.WriteString(nameof(ReasonKind.SystemError), reason.Text);
                    json.WriteEndObject();
                    break;
                default:
                    json.WriteStringValue(reason.Kind.ToString());
                    break;
            }
        }

        using var document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }
}
