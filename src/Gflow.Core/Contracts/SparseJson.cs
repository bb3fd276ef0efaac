using System.Text.Json.Serialization;

namespace Gflow.Core.Contracts;

/// <summary>The JSON of lists for those who do not need to be told what a job does not have: as <see cref="WireJson"/>, without the fields that have no value.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(List<JobView>))]
public sealed partial class SparseJson : JsonSerializerContext;
