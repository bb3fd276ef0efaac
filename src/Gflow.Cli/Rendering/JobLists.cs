using System.Globalization;
using System.Text.Json;
using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Cli.Rendering;

/// <summary>Lists of jobs for programs.</summary>
internal static class JobLists
{
    private const int JobsBetweenFlushes = 100;

    internal static void WriteJson(TextWriter writer, IReadOnlyList<JobView> jobs, DateTimeOffset now) => Invocation.WriteJson(writer, json => Write(json, jobs, now));

    /// <summary>YAML of the same value: its JSON, laid out in YAML's own block form.</summary>
    internal static void WriteYaml(TextWriter writer, IReadOnlyList<JobView> jobs, DateTimeOffset now)
    {
        using var text = new StringWriter();
        WriteJson(text, jobs, now);
        using var document = JsonDocument.Parse(text.ToString());
        WriteFields(writer, document.RootElement, "", "");
    }

    internal static void WriteCsv(TextWriter writer, IReadOnlyList<JobView> jobs, DateTimeOffset now)
    {
        writer.WriteLine("id,name,state,time,gpus,user,submitted_at,reason");
        foreach (var job in jobs)
        {
            var state = JobText.State(job);
            string[] fields =
            [
                JobText.Count(job.Id), JobText.Name(job), state.ToString(), JobText.Elapsed(job, now), $"[{JobText.Gpus(job)}]", job.SubmittedBy,
                CommandJson.Text(job.SubmittedAt) ?? "-",
                state is JobState.Queued or JobState.Hold or JobState.Cancelled ? JobText.Reason(job) ?? "-" : "-",
            ];
            writer.WriteLine(string.Join(',', fields.Select(CsvField)));
        }
    }

    private static void Write(Utf8JsonWriter writer, IReadOnlyList<JobView> jobs, DateTimeOffset now)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("jobs");
        foreach (var (index, job) in jobs.Index())
        {
            JobJson.WriteRow(writer, job, now);
            if (index % JobsBetweenFlushes == 0)
            {
                writer.Flush();
            }
        }

        writer.WriteEndArray();
        writer.WriteNumber("total", jobs.Count);
        writer.WriteString("timestamp", now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        writer.WriteEndObject();
    }

    // CSV has no escapes of its own for characters that would command a terminal, so it gets ours.
    private static string CsvField(string text) => Quoted(SafeText.Line(text));

    private static string Quoted(string text) =>
        text.AsSpan().IndexOfAny(',', '"') >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    /// <param name="first">What stands before the first field instead of the indentation: the dash of a list item.</param>
    private static void WriteFields(TextWriter writer, JsonElement value, string first, string indent)
    {
        var lead = first;
        foreach (var field in value.EnumerateObject())
        {
            writer.Write($"{lead}{field.Name}:");
            lead = indent;
            if (field.Value.ValueKind == JsonValueKind.Array && field.Value.GetArrayLength() > 0)
            {
                writer.WriteLine();
                foreach (var item in field.Value.EnumerateArray())
                {
                    if (item.ValueKind == JsonValueKind.Object)
                    {
                        WriteFields(writer, item, $"{indent}- ", $"{indent}  ");
                    }
                    else
                    {
                        writer.WriteLine($"{indent}- {item.GetRawText()}");
                    }
                }
            }
            else
            {
                // JSON's strings, numbers and empty lists are YAML's as well; quoted, no text can be taken for another type.
                writer.WriteLine($" {field.Value.GetRawText()}");
            }
        }
    }
}
