using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Jobs;
using Gflow.Core.Reservations;
using Gflow.Core.Submission;
using Gflow.Daemon.Engine;

namespace Gflow.Tests.TestKit;

/// <summary>Requests about jobs, asked of an engine without a key.</summary>
internal sealed class AskedRequests(JobEngine engine, JobRequests requests)
{
    public Task<Result<IReadOnlyList<Job>>> SubmitAsync(IReadOnlyList<SubmissionDraft> drafts, Caller caller, CancellationToken ct) =>
        engine.AskAsync(requests.Submit(drafts, caller), ct);

    public async Task<Result<Job>> RedoAsync(JobId id, SubmissionDraft overrides, Caller caller, CancellationToken ct)
    {
        var jobs = await engine.AskAsync(requests.Redo(id, overrides, caller), ct);
        return jobs.Ok ? jobs.Value[0] : jobs.Problems.ToList();
    }

    public Task<Result<Job>> CancelAsync(JobId id, Caller caller, CancellationToken ct) => engine.AskAsync(JobRequests.Cancel(id, caller), ct);

    public Task<Result<Job>> HoldAsync(JobId id, Caller caller, CancellationToken ct) => engine.AskAsync(JobRequests.Hold(id, caller), ct);

    public Task<Result<Job>> ReleaseAsync(JobId id, Caller caller, CancellationToken ct) => engine.AskAsync(JobRequests.Release(id, caller), ct);

    public Task<Result<UpdateOutcome>> UpdateAsync(JobId id, UpdateDraft draft, Caller caller, CancellationToken ct) =>
        engine.AskAsync(requests.Update(id, draft, caller), ct);
}

/// <summary>Requests about reservations, asked of an engine without a key.</summary>
internal sealed class AskedReservations(JobEngine engine, ReservationRequests requests)
{
    public Task<Result<Reservation>> CreateAsync(ReservationDraft draft, Caller caller, CancellationToken ct) =>
        engine.AskAsync(requests.Create(draft, caller), ct);

    public Task<Result<Reservation>> CancelAsync(ReservationId id, CancellationToken ct) => engine.AskAsync(ReservationRequests.Cancel(id), ct);
}

file static class Asking
{
    public static async Task<Result<T>> AskAsync<T>(this JobEngine engine, Result<Turn<T>> prepared, CancellationToken ct) =>
        prepared.Ok ? await engine.AskAsync(prepared.Value, ct) : prepared.Problems.ToList();
}
