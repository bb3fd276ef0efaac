using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Cli.Rendering;

/// <summary>The JSON that commands write. Its shapes are documented, and only ever gain fields.</summary>
internal static class JobJson
{
    internal static JsonObject Of(CommandFailedException failure) => new()
    {
        ["error"] = failure.Message,
        ["exit_code"] = failure.ExitCode,
        ["problems"] = new JsonArray([.. failure.Problems.Select(problem => new JsonObject { ["code"] = problem.Code, ["message"] = problem.Message, ["field"] = problem.Field })]),
    };

    /// <summary>One job of a list: what a table would say of it, and its times.</summary>
    internal static void WriteRow(Utf8JsonWriter writer, JobView job, DateTimeOffset now)
    {
        var state = JobText.State(job);
        writer.WriteStartObject();
        writer.WriteNumber("id", job.Id);
        writer.WriteString("name", JobText.Name(job));
        writer.WriteString("run_name", job.RunName);
        writer.WriteString("state", state.ToString());
        writer.WriteString("time", JobText.Elapsed(job, now));
        writer.WriteStartArray("gpus");
        foreach (var gpu in job.GpuIds ?? [])
        {
            writer.WriteNumberValue(gpu);
        }

        writer.WriteEndArray();
        writer.WriteNumber("requested_gpus", job.Gpus);
        writer.WriteNumber("priority", job.Priority);
        writer.WriteString("user", job.SubmittedBy);
        Optional(writer, "project", job.Project);
        Optional(writer, "command", JobText.CommandLine(job));
        Optional(writer, "submitted_at", Instant(job.SubmittedAt));
        Optional(writer, "started_at", Instant(job.StartedAt));
        Optional(writer, "finished_at", Instant(job.FinishedAt));
        Optional(writer, "reason", JobText.Reason(job));
        Optional(writer, "reason_text", job.ReasonText);
        if (job.MemoryLimitMb is { } memory)
        {
            writer.WriteNumber("memory_mb", memory);
        }

        Optional(writer, "time_limit", job.TimeLimit is null ? null : JobText.Limit(job, ""));
        if (job.ExitCode is { } code)
        {
            writer.WriteNumber("exit_code", code);
        }

        Optional(writer, "signal", job.Signal);
        writer.WriteEndObject();
    }

    /// <summary>RFC 3339, UTC, whole seconds.</summary>
    internal static string? Instant(WireInstant? instant) =>
        instant?.ToInstant().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static void Optional(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }
}
