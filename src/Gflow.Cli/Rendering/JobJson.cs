using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Cli.Rendering;

/// <summary>The JSON that commands write of jobs: one name for one thing in all of them. Its shapes are documented, and only ever gain fields.</summary>
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
        writer.WriteStartObject();
        WriteFields(writer, job, now);
        writer.WriteEndObject();
    }

    /// <summary>Everything about one job: the fields of a list, and more.</summary>
    internal static void WriteDetails(Utf8JsonWriter writer, JobView job, DateTimeOffset now)
    {
        writer.WriteStartObject();
        WriteFields(writer, job, now);
        Optional(writer, "script", job.Script);
        Texts(writer, "arguments", job.Arguments is { Count: > 0 } arguments ? arguments : null);
        Optional(writer, "run_dir", job.RunDir);
        Optional(writer, "log_path", job.LogPath);
        writer.WriteNumber("attempt", job.Attempt);
        Optional(writer, "redone_from", job.RedoneFrom);
        Optional(writer, "ending_since", CommandJson.Text(job.EndingSince));
        Optional(writer, "kill_at", CommandJson.Text(job.KillAt));
        if (job.DependsOnGroups is { } groups)
        {
            Numbers(writer, "depends_on_groups", groups.Select(group => (long)group));
        }

        if (job.DependsOnIds.Count > 0)
        {
            Numbers(writer, "depends_on_ids", job.DependsOnIds.Select(id => (long)id));
            Optional(writer, "dependency_mode", job.DependencyMode);
        }

        writer.WriteBoolean("auto_cancel_on_dependency_failure", job.AutoCancelOnDependencyFailure);
        if (job.Notifications is { } told)
        {
            writer.WriteStartObject("notifications");
            Texts(writer, "emails", told.Emails);
            Texts(writer, "events", told.Events);
            writer.WriteEndObject();
        }

        Texts(writer, "hidden", job.Hidden);
        writer.WriteEndObject();
    }

    /// <summary>What a submission came to.</summary>
    /// <param name="name">What people call it.</param>
    /// <param name="redoneFrom">The job it repeats; null for none.</param>
    internal static JsonObject Of(SubmittedJob job, string name, uint? redoneFrom = null) => Without(new()
    {
        ["id"] = job.Id,
        ["name"] = name,
        ["run_name"] = job.RunName,
        ["state"] = job.State,
        ["reason_text"] = job.ReasonText,
        ["warning"] = job.Warning,
        ["redone_from"] = redoneFrom,
        ["notifications"] = Told(job.Notifications),
    });

    /// <summary>The copy of a job that was cancelled for another one's sake.</summary>
    internal static JsonObject Of(RedoneJob job) => new() { ["id"] = job.Id, ["run_name"] = job.RunName, ["redone_from"] = job.RedoneFrom };

    /// <summary>What a submission would come to. Script content and environment, which may be large or secret, are left out.</summary>
    internal static JsonObject Of(SubmissionDraft draft, CheckedJob check) => Without(new()
    {
        ["name"] = DisplayNameText.Of(draft.Name, draft.Script, draft.Command),
        ["state"] = check.State,
        ["requested_gpus"] = draft.Gpus ?? draft.GpuIndices?.Count ?? 0,
        ["gpu_type"] = draft.GpuType,
        ["gpu_min_memory_mb"] = draft.GpuMinMemoryMb,
        ["gpu_indices"] = draft.GpuIndices is { } indices ? new JsonArray([.. indices.Select(index => (JsonNode)index)]) : null,
        ["priority"] = draft.Priority ?? JobSpec.DefaultPriority,
        ["project"] = draft.Project,
        ["command"] = JobSpec.CommandLineOf(draft.Script, draft.Arguments ?? [], draft.Command),
        ["reason_text"] = check.ReasonText,
        ["warning"] = check.Warning,
        ["time_limit"] = CommandJson.Text(draft.TimeLimit),
        ["script"] = draft.Script,
        ["arguments"] = Texts(draft.Arguments),
        ["run_dir"] = draft.RunDir,
        ["depends_on_ids"] = draft.DependsOnIds is { } ids ? new JsonArray([.. ids.Select(id => (JsonNode)id)]) : null,
        ["dependency_mode"] = draft.DependencyMode,
        ["auto_cancel_on_dependency_failure"] = draft.AutoCancelOnDependencyFailure ?? true,
        ["notifications"] = Told(check.Notifications),
    });

    /// <summary>What a job runs; bytes that are not UTF-8 show as U+FFFD.</summary>
    internal static JsonObject Of(JobProgram program) => Without(new()
    {
        ["id"] = program.Id,
        ["script"] = program.Script,
        ["arguments"] = program.Command is null ? Texts(program.Arguments) : null,
        ["content"] = program.Command is null ? Encoding.UTF8.GetString(program.Content ?? []) : null,
        ["command"] = program.Command,
    });

    /// <summary>The value without the fields that are not set.</summary>
    internal static JsonObject Without(JsonObject value)
    {
        foreach (var unset in value.Where(field => field.Value is null).Select(field => field.Key).ToList())
        {
            value.Remove(unset);
        }

        return value;
    }

    private static void WriteFields(Utf8JsonWriter writer, JobView job, DateTimeOffset now)
    {
        writer.WriteNumber("id", job.Id);
        writer.WriteString("name", JobText.Name(job));
        writer.WriteString("run_name", job.RunName);
        writer.WriteString("state", JobText.State(job).ToString());
        writer.WriteString("time", JobText.Elapsed(job, now));
        Numbers(writer, "gpus", (job.GpuIds ?? []).Select(gpu => (long)gpu));
        writer.WriteNumber("requested_gpus", job.Gpus);
        Optional(writer, "gpu_type", job.GpuType);
        Optional(writer, "gpu_min_memory_mb", job.GpuMinMemoryMb);
        if (job.GpuIndices is { } indices)
        {
            Numbers(writer, "gpu_indices", indices.Select(gpu => (long)gpu));
        }

        writer.WriteNumber("priority", job.Priority);
        writer.WriteString("user", job.SubmittedBy);
        Optional(writer, "project", job.Project);
        Optional(writer, "command", JobText.CommandLine(job));
        Optional(writer, "submitted_at", CommandJson.Text(job.SubmittedAt));
        Optional(writer, "started_at", CommandJson.Text(job.StartedAt));
        Optional(writer, "finished_at", CommandJson.Text(job.FinishedAt));
        Optional(writer, "reason", JobText.Reason(job));
        Optional(writer, "reason_text", job.ReasonText);
        Optional(writer, "memory_mb", job.MemoryLimitMb);
        Optional(writer, "time_limit", CommandJson.Text(job.TimeLimit));
        Optional(writer, "exit_code", job.ExitCode);
        Optional(writer, "signal", job.Signal);
        Optional(writer, "group_id", job.GroupId);
        Optional(writer, "group_number", job.GroupNumber);
        Optional(writer, "task_id", job.TaskId);
        if (job.Parameters.Count > 0)
        {
            writer.WriteStartObject("parameters");
            foreach (var (name, value) in job.Parameters.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
        }
    }

    private static JsonObject? Told(ToldPeople? told) => told is null ? null : new()
    {
        ["emails"] = Texts(told.Emails),
        ["events"] = Texts(told.Events),
        ["transport"] = told.Transport,
    };

    private static JsonArray? Texts(IReadOnlyList<string>? texts) => texts is null ? null : [.. texts.Select(text => (JsonNode)text)];

    private static void Texts(Utf8JsonWriter writer, string name, IReadOnlyList<string>? texts)
    {
        if (texts is not null)
        {
            writer.WriteStartArray(name);
            foreach (var text in texts)
            {
                writer.WriteStringValue(text);
            }

            writer.WriteEndArray();
        }
    }

    private static void Numbers(Utf8JsonWriter writer, string name, IEnumerable<long> numbers)
    {
        writer.WriteStartArray(name);
        foreach (var number in numbers)
        {
            writer.WriteNumberValue(number);
        }

        writer.WriteEndArray();
    }

    private static void Optional(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    private static void Optional(Utf8JsonWriter writer, string name, long? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
    }
}
