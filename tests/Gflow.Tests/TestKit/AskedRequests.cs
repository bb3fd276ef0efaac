using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Reservations;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Jobs;
using Gflow.Daemon.Reservations;

namespace Gflow.Tests.TestKit;

/// <summary>Requests about jobs, asked of an engine without a key.</summary>
internal sealed class AskedRequests(JobEngine engine, JobRequests requests)
{
    public Task<Result<IReadOnlyList<Job>>> SubmitAsync(IReadOnlyList<SubmissionDraft> drafts, Actor by, CancellationToken ct) =>
        engine.AskAsync(requests.Submit(drafts, by), by, ct);

    public async Task<Result<Job>> RedoAsync(JobId id, SubmissionDraft overrides, Actor by, CancellationToken ct)
    {
        var jobs = await engine.AskAsync(requests.Redo(id, overrides, cascade: false, by), by, ct);
        return jobs.Ok ? jobs.Value[0] : jobs.Problems.ToList();
    }

    public Task<Result<IReadOnlyList<Job>>> RedoGroupAsync(JobId number, bool onlyFailed, Actor by, CancellationToken ct) =>
        engine.AskAsync(requests.Redo(number, null, onlyFailed, new SubmissionDraft(), by), by, ct);

    public async Task<Result<Job>> CancelAsync(JobId id, Actor by, CancellationToken ct) => (await engine.AskAsync(JobRequests.Cancel(id), by, ct)).Map(cancelled => cancelled.Job);

    public Task<Result<Job>> HoldAsync(JobId id, Actor by, CancellationToken ct) => engine.AskAsync(JobRequests.Hold(id), by, ct);

    public Task<Result<Job>> ReleaseAsync(JobId id, Actor by, CancellationToken ct) => engine.AskAsync(JobRequests.Release(id), by, ct);

    public Task<Result<UpdateOutcome>> UpdateAsync(JobId id, UpdateDraft draft, Actor by, CancellationToken ct) =>
        engine.AskAsync(requests.Update(id, draft), by, ct);
}

/// <summary>Requests about reservations, asked of an engine without a key.</summary>
internal sealed class AskedReservations(JobEngine engine, ReservationRequests requests)
{
    public Task<Result<Reservation>> CreateAsync(ReservationDraft draft, Actor by, CancellationToken ct) =>
        engine.AskAsync(requests.Create(draft, by), by, ct);

    public Task<Result<Reservation>> CancelAsync(ReservationId id, CancellationToken ct) => engine.AskAsync(ReservationRequests.Cancel(id), Draft.Alice, ct);
}

file static class Asking
{
    public static async Task<Result<T>> AskAsync<T>(this JobEngine engine, Result<Turn<T>> prepared, Actor by, CancellationToken ct) =>
        prepared.Ok ? await engine.AskAsync(prepared.Value, by, ct) : prepared.Problems.ToList();
}
