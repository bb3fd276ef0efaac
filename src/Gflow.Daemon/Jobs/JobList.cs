using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gflow.Core.Contracts;

namespace Gflow.Daemon.Jobs;

/// <summary>A long list as an answer that is sent while it is made: neither end has all of it in memory, and both work at the same time.</summary>
internal static class JobList
{
    /// <summary>The most jobs of a list that is made as a whole.</summary>
    public const int Longest = 200;

    private const int JobsAtOnce = 100;

    public static async Task WriteAsync(HttpResponse response, IEnumerable<JobView> jobs, JsonTypeInfo<JobView> type, CancellationToken ct)
    {
        response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(response.BodyWriter);
        json.WriteStartArray();
        foreach (var some in jobs.Chunk(JobsAtOnce))
        {
            foreach (var job in some)
            {
                JsonSerializer.Serialize(json, job, type);
            }

            await json.FlushAsync(ct);
            await response.BodyWriter.FlushAsync(ct);
        }

        json.WriteEndArray();
    }
}
