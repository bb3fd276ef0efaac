using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gflow.Client.Configuration;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Reservations;
using static Gflow.Client.DaemonRequest;

namespace Gflow.Client;

/// <summary>Asks the daemon, over its Unix socket where there is one, else over that of the shared daemon, else over loopback TCP. Expected failures are values.</summary>
public sealed partial class GflowClient : IDisposable
{
    /// <summary>A daemon told to take any free port can only be found by its socket.</summary>
    private const int AnyPort = 0;

    private readonly DaemonConnection _connection;

    public GflowClient(ClientOptions options)
    {
        _connection = new DaemonConnection(
            options.SharedSocket is { } shared && shared != options.Socket ? [options.Socket, shared] : [options.Socket],
            options.UsesTcp && options.Port != AnyPort ? options.Host : null,
            options.Port,
            options.User);
    }

    /// <summary>Asks the daemon behind this Unix socket and no other.</summary>
    /// <param name="user">As whom it serves, when that is neither the caller nor root nor the user of the machine's daemon.</param>
    public GflowClient(string socket, string? user = null)
    {
        _connection = new DaemonConnection([socket], null, 0, user);
    }

    /// <summary>How long a request may take until its answer begins; streams have no end of their own.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a request is sent again when the connection broke or a daemon that was there goes or is gone, from the first failure on. Streams are not.</summary>
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For the pauses between these tries.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What the daemon said in its last answer about trouble that it is in; null when it is well.</summary>
    public string? Warning { get; private set; }

    public void Dispose() => _connection.Dispose();

    /// <summary>Submits one job.</summary>
    public Task<ClientResult<SubmittedJob>> SubmitAsync(SubmissionDraft draft, CancellationToken cancel = default) =>
        SendAsync(Post("jobs", draft.Packed(), WireJson.Default.SubmissionDraft), WireJson.Default.SubmittedJob, cancel);

    /// <summary>What submitting it would come to; nothing is submitted.</summary>
    public Task<ClientResult<CheckedJob>> CheckAsync(SubmissionDraft draft, CancellationToken cancel = default) =>
        SendAsync(Post("jobs/check", draft.Packed(), WireJson.Default.SubmissionDraft), WireJson.Default.CheckedJob, cancel);

    /// <summary>Submits several jobs, all or none.</summary>
    public Task<ClientResult<List<SubmittedJob>>> SubmitBatchAsync(List<SubmissionDraft> drafts, CancellationToken cancel = default) =>
        SendAsync(Post("jobs/batch", drafts.ConvertAll(draft => draft.Packed()), WireJson.Default.ListSubmissionDraft), WireJson.Default.ListSubmittedJob, cancel);

    public Task<ClientResult<List<JobView>>> ListAsync(JobQuery query, CancellationToken cancel = default) =>
        SendAsync(Get(query.ToPath()), ReadJobsAsync, cancel);

    public Task<ClientResult<JobView>> GetAsync(JobId id, CancellationToken cancel = default) =>
        SendAsync(Get($"jobs/{id}"), WireJson.Default.JobView, cancel);

    /// <summary>A group as a whole.</summary>
    /// <param name="group">Its id, or the number of its first job.</param>
    public Task<ClientResult<GroupView>> GroupAsync(string group, CancellationToken cancel = default) =>
        SendAsync(Get($"groups/{Uri.EscapeDataString(group)}"), WireJson.Default.GroupView, cancel);

    /// <summary>Sets how many jobs of a group may run at once.</summary>
    /// <inheritdoc cref="GroupAsync"/>
    public Task<ClientResult<GroupLimitAnswer>> LimitGroupAsync(string group, int most, CancellationToken cancel = default) =>
        SendAsync(Post($"groups/{Uri.EscapeDataString(group)}/max-concurrency", new GroupLimit(most), WireJson.Default.GroupLimit), WireJson.Default.GroupLimitAnswer, cancel);

    /// <summary>Changes what the waiting jobs of a group ask for.</summary>
    /// <inheritdoc cref="ActOnGroupAsync"/>
    public Task<ClientResult<GroupActionAnswer>> UpdateGroupAsync(string group, string? tasks, UpdateDraft draft, CancellationToken cancel = default) =>
        SendAsync(Change(HttpMethod.Patch, new QueryPath($"groups/{Uri.EscapeDataString(group)}").With("tasks", tasks ?? "").ToString(), PatchBody(draft)), WireJson.Default.GroupActionAnswer, cancel);

    /// <summary>Submits ended tasks of a group once more.</summary>
    /// <param name="failed">Whether only those that have failed are meant.</param>
    /// <inheritdoc cref="ActOnGroupAsync"/>
    public Task<ClientResult<SubmittedJob>> RedoGroupAsync(string group, string? tasks, bool failed, SubmissionDraft overrides, CancellationToken cancel = default) =>
        SendAsync(
            Post(new QueryPath($"groups/{Uri.EscapeDataString(group)}/redo").With("tasks", tasks ?? "").With("failed", failed ? "true" : "").ToString(), overrides, WireJson.Default.SubmissionDraft),
            WireJson.Default.SubmittedJob,
            cancel);

    /// <summary>Cancels, holds or releases the jobs of a group to which that can be done.</summary>
    /// <param name="verb"><c>cancel</c>, <c>hold</c> or <c>release</c>.</param>
    /// <param name="tasks">The indices that are meant, as a list of ranges; null for all.</param>
    /// <inheritdoc cref="GroupAsync"/>
    public Task<ClientResult<GroupActionAnswer>> ActOnGroupAsync(string group, string verb, string? tasks, CancellationToken cancel = default) =>
        SendAsync(
            Change(HttpMethod.Post, $"groups/{Uri.EscapeDataString(group)}/{verb}{(tasks is null ? "" : $"?tasks={Uri.EscapeDataString(tasks)}")}"),
            WireJson.Default.GroupActionAnswer,
            cancel);

    public Task<ClientResult<UpdatedJob>> UpdateAsync(JobId id, UpdateDraft draft, CancellationToken cancel = default) =>
        SendAsync(Change(HttpMethod.Patch, $"jobs/{id}", PatchBody(draft)), WireJson.Default.UpdatedJob, cancel);

    public Task<ClientResult<JobActionAnswer>> CancelAsync(JobId id, CancellationToken cancel = default) => ActAsync(id, "cancel", cancel);

    /// <summary>What cancelling a job would come to.</summary>
    public Task<ClientResult<CancelForecastView>> ForeseeAsync(JobId id, CancellationToken cancel = default) =>
        SendAsync(Get($"jobs/{id}/cancel"), WireJson.Default.CancelForecastView, cancel);

    /// <summary>Sends a signal to a running job.</summary>
    /// <param name="signal">By its name or number.</param>
    public Task<ClientResult<JobActionAnswer>> SignalAsync(JobId id, string signal, CancellationToken cancel = default) =>
        SendAsync(Change(HttpMethod.Post, new QueryPath($"jobs/{id}/signal").With("signal", signal).ToString()), WireJson.Default.JobActionAnswer, cancel);

    /// <summary>What a job runs.</summary>
    public Task<ClientResult<JobProgram>> ProgramAsync(JobId id, CancellationToken cancel = default) =>
        SendAsync(Get($"jobs/{id}/script"), WireJson.Default.JobProgram, cancel);

    public Task<ClientResult<JobActionAnswer>> HoldAsync(JobId id, CancellationToken cancel = default) => ActAsync(id, "hold", cancel);

    public Task<ClientResult<JobActionAnswer>> ReleaseAsync(JobId id, CancellationToken cancel = default) => ActAsync(id, "release", cancel);

    /// <summary>Submits an ended job again: the daemon has its script and environment; what <paramref name="overrides"/> sets is changed.</summary>
    /// <param name="cascade">Whether those go with it that were cancelled for its sake.</param>
    public Task<ClientResult<SubmittedJob>> RedoAsync(JobId id, SubmissionDraft overrides, bool cascade, CancellationToken cancel = default) =>
        SendAsync(Post($"jobs/{id}/redo{(cascade ? "?cascade=true" : "")}", overrides, WireJson.Default.SubmissionDraft), WireJson.Default.SubmittedJob, cancel);

    /// <summary>Which job a reference means.</summary>
    /// <param name="user">Whose submissions <c>@</c> counts.</param>
    public async Task<ClientResult<JobId>> ResolveAsync(JobReference reference, string user, CancellationToken cancel = default)
    {
        if (reference is JobReference.Number number)
        {
            return number.Id;
        }

        var path = $"jobs/resolve-dependency?username={Uri.EscapeDataString(user)}&shorthand={Uri.EscapeDataString(reference.ToString())}";
        var answer = await SendAsync(Get(path), WireJson.Default.ResolvedJob, cancel).ConfigureAwait(false);
        return answer.Ok ? new JobId(answer.Value.JobId) : answer.Failure;
    }

    /// <summary>The end of a job's log as text.</summary>
    /// <param name="tail">Lines, 1 to 20000.</param>
    /// <param name="maxBytes">1 to 4 MiB.</param>
    public Task<ClientResult<LogContent>> LogAsync(JobId id, int tail, int maxBytes, CancellationToken cancel = default) =>
        SendAsync(Get(string.Create(CultureInfo.InvariantCulture, $"jobs/{id}/log/content?tail={tail}&max_bytes={maxBytes}")), WireJson.Default.LogContent, cancel);

    /// <summary>A job's log as it is on disk, from a byte on; the stream ends when the job has. Dispose it to stop earlier.</summary>
    public Task<ClientResult<Stream>> FollowLogAsync(JobId id, long from, CancellationToken cancel = default) =>
        OpenAsync(Get(string.Create(CultureInfo.InvariantCulture, $"jobs/{id}/log/follow?from={from}")).Message(), cancel);

    /// <summary>Makes a reservation.</summary>
    public Task<ClientResult<CreatedReservation>> ReserveAsync(ReservationDraft draft, CancellationToken cancel = default) =>
        SendAsync(Post("reservations", draft, WireJson.Default.ReservationDraft), WireJson.Default.CreatedReservation, cancel);

    /// <summary>Who asked for which change, the newest first.</summary>
    public Task<ClientResult<List<AuditView>>> AuditAsync(AuditQuery filter, CancellationToken cancel = default) =>
        SendAsync(Get(filter.ToPath()), AuditJson.Default.ListAuditView, cancel);

    /// <summary>Reservations by their start.</summary>
    public Task<ClientResult<List<ReservationView>>> ReservationsAsync(ReservationFilter filter, CancellationToken cancel = default) =>
        SendAsync(Get(filter.ToPath()), WireJson.Default.ListReservationView, cancel);

    public Task<ClientResult<ReservationView>> ReservationAsync(ReservationId id, CancellationToken cancel = default) =>
        SendAsync(Get($"reservations/{id}"), WireJson.Default.ReservationView, cancel);

    /// <summary>Cancels a reservation that is not over.</summary>
    public Task<ClientResult<ReservationView>> CancelReservationAsync(ReservationId id, CancellationToken cancel = default) =>
        SendAsync(Change(HttpMethod.Delete, $"reservations/{id}"), WireJson.Default.ReservationView, cancel);

    public Task<ClientResult<InfoAnswer>> InfoAsync(CancellationToken cancel = default) => SendAsync(Get("info"), WireJson.Default.InfoAnswer, cancel);

    /// <summary>What jobs come to.</summary>
    /// <param name="user">Whose, exactly; null for everybody's.</param>
    /// <param name="since">Submitted at this instant or later; null for all.</param>
    public Task<ClientResult<StatsAnswer>> StatsAsync(string? user, DateTimeOffset? since, CancellationToken cancel = default) => SendAsync(
        Get(new QueryPath("stats").With("user", user).With("since", since?.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)).ToString()),
        WireJson.Default.StatsAnswer,
        cancel);

    /// <summary>Says which GPUs jobs may be given.</summary>
    public Task<ClientResult<AllowedGpus>> AllowGpusAsync(GpuAllowance allowance, CancellationToken cancel = default) =>
        SendAsync(Post("gpus", allowance, WireJson.Default.GpuAllowance), WireJson.Default.AllowedGpus, cancel);

    /// <summary>Processes that are not to keep their GPU from jobs.</summary>
    public Task<ClientResult<List<IgnoredGpuProcess>>> IgnoredGpuProcessesAsync(CancellationToken cancel = default) =>
        SendAsync(Get("gpu-processes"), WireJson.Default.ListIgnoredGpuProcess, cancel);

    public Task<ClientResult<GpuProcessAnswer>> IgnoreGpuProcessAsync(GpuProcessName process, CancellationToken cancel = default) =>
        SendAsync(Post("gpu-processes/ignore", process, WireJson.Default.GpuProcessName), WireJson.Default.GpuProcessAnswer, cancel);

    /// <summary>Takes back <see cref="IgnoreGpuProcessAsync"/>.</summary>
    public Task<ClientResult<GpuProcessAnswer>> MindGpuProcessAsync(GpuProcessName process, CancellationToken cancel = default) =>
        SendAsync(Post("gpu-processes/unignore", process, WireJson.Default.GpuProcessName), WireJson.Default.GpuProcessAnswer, cancel);

    /// <summary>How the daemon is; one in trouble answers with 503, and this is an answer like any other.</summary>
    public Task<ClientResult<HealthAnswer>> HealthAsync(CancellationToken cancel = default) =>
        SendAsync(Get("health"), (content, ct) => WholeAsync(content, WireJson.Default.HealthAnswer, ct), cancel, HttpStatusCode.ServiceUnavailable);

    public Task<ClientResult<StatusAnswer>> StatusAsync(CancellationToken cancel = default) => SendAsync(Get("status"), WireJson.Default.StatusAnswer, cancel);

    /// <summary>The event stream, from now or after an event already seen.</summary>
    /// <param name="after">The last event's sequence number; null for what happens from now on.</param>
    public async Task<ClientResult<EventFeed>> EventsAsync(long? after = null, CancellationToken cancel = default)
    {
        using var request = Get("events").Message();
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (after is { } seen)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", seen.ToString(CultureInfo.InvariantCulture));
        }

        var opened = await OpenAsync(request, cancel).ConfigureAwait(false);
        return opened.Ok ? new EventFeed(opened.Value) : opened.Failure;
    }

    private Task<ClientResult<JobActionAnswer>> ActAsync(JobId id, string action, CancellationToken cancel) =>
        SendAsync(Change(HttpMethod.Post, $"jobs/{id}/{action}"), WireJson.Default.JobActionAnswer, cancel);

    /// <summary>
    /// A long list comes without its length, and is read while the daemon is still writing it. And to know the forty fields of a job takes a
    /// program a millisecond: whoever looks at an empty queue need not wait for that.
    /// </summary>
    private static async ValueTask<List<JobView>?> ReadJobsAsync(HttpContent content, CancellationToken cancel)
    {
        if (content.Headers.ContentLength is null)
        {
            var stream = await content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                return await JsonSerializer.DeserializeAsync(stream, WireJson.Default.ListJobView, cancel).ConfigureAwait(false);
            }
        }

        var body = await content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false);
        return body.AsSpan().SequenceEqual("[]"u8) ? [] : JsonSerializer.Deserialize(body, WireJson.Default.ListJobView);
    }

    private static async ValueTask<T?> WholeAsync<T>(HttpContent content, JsonTypeInfo<T> type, CancellationToken cancel)
        where T : class =>
        JsonSerializer.Deserialize(await content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false), type);

    private Task<ClientResult<T>> SendAsync<T>(DaemonRequest request, JsonTypeInfo<T> type, CancellationToken cancel)
        where T : class =>
        SendAsync(request, (content, ct) => WholeAsync(content, type, ct), cancel);

    private async Task<ClientResult<T>> SendAsync<T>(
        DaemonRequest request, Func<HttpContent, CancellationToken, ValueTask<T?>> read, CancellationToken cancel, HttpStatusCode? alsoGood = null)
        where T : class
    {
        var persistence = new Persistence(_connection, Time, RetryFor);
        while (true)
        {
            var result = await TryAsync(request, read, alsoGood, cancel).ConfigureAwait(false);
            if (result.Failure is not (ClientFailure.Unreachable or ClientFailure.Refused { IsStopping: true }) || !await persistence.AgainAsync(cancel).ConfigureAwait(false))
            {
                return result;
            }
        }
    }

    private async Task<ClientResult<T>> TryAsync<T>(
        DaemonRequest request, Func<HttpContent, CancellationToken, ValueTask<T?>> read, HttpStatusCode? alsoGood, CancellationToken cancel)
        where T : class
    {
        using var message = request.Message();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        try
        {
            using var response = await _connection.Invoker.SendAsync(message, patience.Token).ConfigureAwait(false);
            Note(response);
            if (!response.IsSuccessStatusCode && response.StatusCode != alsoGood)
            {
                return await RefusalAsync(response, patience.Token).ConfigureAwait(false);
            }

            return await read(response.Content, patience.Token).ConfigureAwait(false) is { } value ? value : Unreadable(response.StatusCode);
        }
        catch (JsonException)
        {
            return Unreadable(HttpStatusCode.OK);
        }
        catch (Exception error) when (FailureOf(error, cancel) is { } failure)
        {
            return failure;
        }
    }

    private async Task<ClientResult<Stream>> OpenAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        HttpResponseMessage? response = null;
        try
        {
            response = await _connection.Invoker.SendAsync(request, patience.Token).ConfigureAwait(false);
            Note(response);
            if (!response.IsSuccessStatusCode)
            {
                var refusal = await RefusalAsync(response, patience.Token).ConfigureAwait(false);
                response.Dispose();
                return refusal;
            }

            // The content's stream owns the connection: disposing it gives the connection back.
            return await response.Content.ReadAsStreamAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (FailureOf(error, cancel) is { } failure)
        {
            response?.Dispose();
            return failure;
        }
    }

    /// <summary>A refusal for want of health says itself what is wrong.</summary>
    private void Note(HttpResponseMessage response) =>
        Warning = response.StatusCode != HttpStatusCode.ServiceUnavailable && response.Headers.TryGetValues(WarningHeader.Name, out var said) ? said.First() : null;

    private ClientFailure? FailureOf(Exception error, CancellationToken cancel) => error switch
    {
        HttpRequestException { InnerException: ForeignListenerException foreign } => new ClientFailure.Foreign(foreign.Place, foreign.Who),
        HttpRequestException or IOException => new ClientFailure.Unreachable(
            string.Join(" or ", _connection.Sockets),
            _connection.Address,
            error.InnerException is System.Net.Sockets.SocketException socket ? Said(socket) : error.InnerException?.Message ?? error.Message),
        OperationCanceledException when !cancel.IsCancellationRequested => new ClientFailure.Timeout(Patience),
        _ => null,
    };

    /// <summary>Framework texts are left out of the program (resource keys remain), so the common cases are said here.</summary>
    private static string Said(System.Net.Sockets.SocketException error) => error.SocketErrorCode switch
    {
        System.Net.Sockets.SocketError.ConnectionRefused => "connection refused",
        System.Net.Sockets.SocketError.AccessDenied => "permission denied",
        System.Net.Sockets.SocketError.TimedOut => "no answer in time",
        System.Net.Sockets.SocketError.HostNotFound => "no such host",
        System.Net.Sockets.SocketError.AddressNotAvailable => "no such socket",
        System.Net.Sockets.SocketError.WouldBlock => "too many callers at once",
        System.Net.Sockets.SocketError.InvalidArgument => "the name of the socket's file is too long for the system",
        _ => error.Message,
    };

    private static async Task<ClientFailure> RefusalAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var status = (int)response.StatusCode;
        var body = await response.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false);
        try
        {
            if (JsonSerializer.Deserialize(body, WireJson.Default.ErrorAnswer) is { Error.Length: > 0 } answer)
            {
                return new ClientFailure.Refused(
                    status,
                    answer.Error,
                    [.. (answer.Problems ?? []).Select(problem => new Problem(ProblemCode.Named(problem.Code), problem.Message, problem.Field))],
                    answer.State);
            }
        }
        catch (JsonException)
        {
            // Not every refusal comes from the daemon's own code; what came is shown as it is.
        }

        var text = System.Text.Encoding.UTF8.GetString(body).Trim();
        return new ClientFailure.Refused(status, text is "" or "null" ? Bare(status) : text, []);
    }

    private static string Bare(int status) => status switch
    {
        404 => "not found",
        405 or 501 => "the daemon does not know this request; client and daemon may be of different versions",
        _ => string.Create(CultureInfo.InvariantCulture, $"the daemon answered with status {status} and no reason"),
    };

    private static ClientFailure.Refused Unreadable(HttpStatusCode status) =>
        new ClientFailure.Refused((int)status, "the daemon's answer could not be read; client and daemon may be of different versions", []);

    /// <summary>Absent fields stay as they are and <c>null</c> clears, so unset ones must not be written.</summary>
    private static byte[] PatchBody(UpdateDraft draft)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var field in JsonSerializer.SerializeToElement(draft, WireJson.Default.UpdateDraft).EnumerateObject())
            {
                if (field.Value.ValueKind != JsonValueKind.Null)
                {
                    field.WriteTo(writer);
                }
            }

            foreach (var cleared in draft.Clears)
            {
                writer.WriteNull(cleared);
            }

            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
