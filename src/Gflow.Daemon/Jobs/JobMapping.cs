using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Core.Dependencies;
using Gflow.Core.Jobs;
using Gflow.Daemon.Engine;

namespace Gflow.Daemon.Jobs;

/// <summary>A job as the API shows it.</summary>
internal static class JobMapping
{
    /// <param name="board">Knows why live jobs wait.</param>
    /// <param name="paths">Know where its output goes.</param>
    public static JobView View(Job job, Board board, DataPaths paths)
    {
        var spec = job.Spec;
        var on = spec.Dependencies.On;
        var end = (job.Status as JobStatus.Ended)?.End;
        var reason = board.ReasonOf(job);
        return new()
        {
            Id = job.Id.Value,
            Script = spec.Script,
            Command = spec.Command,
            Arguments = spec.Arguments,
            Gpus = spec.Gpus,
            RunDir = spec.RunDir,
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
            LogPath = paths.LogOf(job.Id),
            Attempt = job.Attempt,
            Alive = job.State == JobState.Running ? true : null,
            Notifications = spec.Notifications is { } wish ? new() { Emails = wish.Emails, Events = wish.Events } : null,
        };
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
