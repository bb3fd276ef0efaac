using System.Text.Json.Serialization.Metadata;
using Gflow.Core.Contracts;
using Gflow.Daemon.Http;

namespace Gflow.Tests.Sweep;

/// <summary>A route and what it reads. What is forgotten here, tests ask for.</summary>
/// <param name="Path">As it is mapped.</param>
internal sealed record SweptRoute(string Method, string Path)
{
    /// <summary>The names that it reads of a query.</summary>
    public IReadOnlyList<string> Queries { get; init; } = [];

    /// <summary>What the others need to be there, for them to be looked at.</summary>
    public string Query { get; init; } = "";

    /// <summary>Null when it reads no body.</summary>
    public JsonTypeInfo? Body { get; init; }

    /// <summary>A body's other fields, so that the one at hand is looked at.</summary>
    public Func<string, Dictionary<string, string>> Others { get; init; } = _ => [];

    /// <summary>Whether its answer goes on for as long as the caller listens.</summary>
    public bool Streams { get; init; }

    /// <summary>Whether all headers are tried on it, as they mean the same on all.</summary>
    public bool Headers { get; init; }

    public override string ToString() => $"{Method} {Path}";
}

/// <summary>All routes there are.</summary>
internal static class SweptRoutes
{
    public static IReadOnlyList<SweptRoute> All { get; } =
    [
        new("GET", "/"),
        new("GET", "/health"),
        new("GET", "/status"),
        new("GET", "/info"),
        new("GET", "/stats") { Queries = ["user", "since"] },
        new("GET", "/metrics"),
        new("GET", "/events") { Queries = ["last_event_id"], Streams = true, Headers = true },
        new("GET", "/audit") { Queries = ["user", "job", "outcome", "since", "until", "before", "limit"] },
        new("GET", "/jobs") { Queries = ["state", "user", "ids", "created_after", "limit", "offset", "order", "sparse", "group", "sum_groups"], Headers = true },
        new("POST", "/jobs") { Body = WireJson.Default.SubmissionDraft, Others = Submission, Headers = true },
        new("POST", "/jobs/batch") { Body = WireJson.Default.ListSubmissionDraft, Others = Submission },
        new("POST", "/jobs/check") { Body = WireJson.Default.SubmissionDraft, Others = Submission },
        new("GET", "/jobs/resolve-dependency") { Queries = ["username", "shorthand"], Query = "username=nobody&shorthand=@" },
        new("GET", "/jobs/{id}"),
        new("PATCH", "/jobs/{id}") { Body = WireJson.Default.UpdateDraft, Others = Wish, Headers = true },
        new("GET", "/jobs/{id}/cancel"),
        new("GET", "/jobs/{id}/script"),
        new("GET", "/jobs/{id}/log"),
        new("GET", "/jobs/{id}/log/content") { Queries = ["tail", "max_bytes"] },
        new("GET", "/jobs/{id}/log/follow") { Queries = ["from"], Streams = true },
        new("GET", "/jobs/{id}/notifications") { Queries = ["target", "job", "user", "state", "since", "event", "before", "limit"] },
        new("POST", "/jobs/{id}/signal") { Queries = ["signal"] },
        new("POST", "/jobs/{id}/hold"),
        new("POST", "/jobs/{id}/release") { Queries = ["at"] },
        new("POST", "/jobs/{id}/redo") { Queries = ["cascade"], Body = WireJson.Default.SubmissionDraft, Others = Wish },
        new("POST", "/jobs/{id}/finish"),
        new("POST", "/jobs/{id}/fail"),
        new("POST", "/jobs/{id}/cancel"),
        new("GET", "/groups/{id}"),
        new("POST", "/groups/{id}/max-concurrency") { Body = WireJson.Default.GroupLimit },
        new("PATCH", "/groups/{id}") { Queries = ["tasks"], Body = WireJson.Default.UpdateDraft, Others = Wish },
        new("POST", "/groups/{id}/redo") { Queries = ["tasks", "failed"], Body = WireJson.Default.SubmissionDraft, Others = Wish },
        new("POST", "/groups/{id}/cancel") { Queries = ["tasks"] },
        new("POST", "/groups/{id}/hold") { Queries = ["tasks"] },
        new("POST", "/groups/{id}/release") { Queries = ["tasks"] },
        new("GET", "/reservations") { Queries = ["user", "status", "active_only"] },
        new("POST", "/reservations") { Body = WireJson.Default.ReservationDraft, Others = Reservation },
        new("GET", "/reservations/{id}"),
        new("DELETE", "/reservations/{id}"),
        new("GET", "/notifications/targets"),
        new("GET", "/notifications/targets/{name}"),
        new("GET", "/notifications/targets/{name}/preview") { Queries = ["event", "job"], Query = "event=job_failed" },
        new("POST", "/notifications/targets/{name}/pause"),
        new("POST", "/notifications/targets/{name}/resume"),
        new("POST", "/notifications/targets/{name}/enable"),
        new("POST", "/notifications/targets/{name}/test") { Body = NotificationJson.Default.TestDraft },
        new("GET", "/notifications/explain") { Queries = ["event", "job", "email"], Query = "event=job_failed" },
        new("GET", "/notifications/deliveries") { Queries = ["target", "job", "user", "state", "since", "event", "before", "limit"] },
        new("GET", "/notifications/deliveries/{id}"),
        new("POST", "/notifications/deliveries/{id}/resend") { Body = NotificationJson.Default.ResendOneDraft },
        new("POST", "/notifications/deliveries/{id}/cancel"),
        new("POST", "/notifications/deliveries/resend") { Body = NotificationJson.Default.ResendDraft, Others = _ => new() { ["target"] = "\"hook\"", ["dry_run"] = "true" } },
        new("GET", "/gpu-processes"),
        new("POST", "/gpu-processes/ignore") { Body = WireJson.Default.GpuProcessName, Others = _ => new() { ["gpu_index"] = "0", ["pid"] = "4411" } },
        new("POST", "/gpu-processes/unignore") { Body = WireJson.Default.GpuProcessName, Others = _ => new() { ["gpu_index"] = "0", ["pid"] = "4411" } },
        new("POST", "/gpus") { Body = WireJson.Default.GpuAllowance },
        .. LaterRoutes.All.Select(route => new SweptRoute($"{route.Method}", route.Path)),
    ];

    /// <summary>Nothing that is submitted here ever runs.</summary>
    private static Dictionary<string, string> Submission(string field)
    {
        var others = new Dictionary<string, string> { ["run_dir"] = "\"/tmp\"", ["hold"] = "true" };
        if (field.StartsWith("script", StringComparison.Ordinal) || field.StartsWith("arguments", StringComparison.Ordinal))
        {
            (others["script"], others["script_content"]) = ("\"/tmp/job.sh\"", "\"dHJ1ZQo=\"");
        }
        else
        {
            others["command"] = "\"true\"";
        }

        return others.Concat(Wish(field)).ToDictionary();
    }

    private static Dictionary<string, string> Wish(string field) => field is "gpu_type" or "gpu_min_memory_mb" or "gpu_indices" ? new() { ["gpus"] = "1" } : [];

    private static Dictionary<string, string> Reservation(string field)
    {
        var others = new Dictionary<string, string> { ["user"] = "\"root\"", ["start_time"] = "{\"secs_since_epoch\":4102444800,\"nanos_since_epoch\":0}", ["duration_secs"] = "3600" };
        if (field != "gpu_indices")
        {
            others["gpu_count"] = "1";
        }

        return others;
    }
}
