using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gflow.Core.Contracts;

namespace Gflow.Daemon.Jobs;

/// <summary>A long list as an answer that is sent while it is made: neither end has all of it in memory, and both work at the same time.</summary>
internal static class JobList
{
    /// <summary>Jobs that are made an answer as a whole.</summary>
    public const int PageSize = 200;

    /// <param name="pages">At the first of them.</param>
    public static async Task WriteAsync(HttpResponse response, IEnumerator<List<JobView>> pages, JsonTypeInfo<JobView> type, CancellationToken ct)
    {
        response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(response.BodyWriter);
        json.WriteStartArray();
        do
        {
            foreach (var job in pages.Current)
            {
                JsonSerializer.Serialize(json, job, type);
            }

            await json.FlushAsync(ct);
            await response.BodyWriter.FlushAsync(ct);

            // The requests of others come in between.
            await Task.Yield();
            ct.ThrowIfCancellationRequested();
        }
        while (pages.MoveNext());
        json.WriteEndArray();
    }
}
