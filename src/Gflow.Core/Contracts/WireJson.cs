using System.Text.Json.Serialization;

namespace Gflow.Core.Contracts;

/// <summary>The JSON of the HTTP API: snake_case names, unset values written as <c>null</c> unless a type says otherwise, no name twice.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, DefaultBufferSize = 64 * 1024)]
[JsonSerializable(typeof(JobView))]
[JsonSerializable(typeof(IReadOnlyList<JobView>))]
[JsonSerializable(typeof(List<JobView>))]
[JsonSerializable(typeof(SubmissionDraft))]
[JsonSerializable(typeof(List<SubmissionDraft>))]
[JsonSerializable(typeof(UpdateDraft))]
[JsonSerializable(typeof(SubmittedJob))]
[JsonSerializable(typeof(CheckedJob))]
[JsonSerializable(typeof(List<SubmittedJob>))]
[JsonSerializable(typeof(UpdatedJob))]
[JsonSerializable(typeof(JobActionAnswer))]
[JsonSerializable(typeof(JobProgram))]
[JsonSerializable(typeof(CancelForecastView))]
[JsonSerializable(typeof(ResolvedJob))]
[JsonSerializable(typeof(ReservationDraft))]
[JsonSerializable(typeof(CreatedReservation))]
[JsonSerializable(typeof(ReservationView))]
[JsonSerializable(typeof(List<ReservationView>))]
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(StatusAnswer))]
[JsonSerializable(typeof(InfoAnswer))]
[JsonSerializable(typeof(LogContent))]
[JsonSerializable(typeof(StreamFrame))]
[JsonSerializable(typeof(string))]
public sealed partial class WireJson : JsonSerializerContext;
