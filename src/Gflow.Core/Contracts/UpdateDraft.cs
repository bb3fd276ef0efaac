using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gflow.Core.Contracts;

/// <summary>An update of a waiting job: what is null stays as it is; what <see cref="Clears"/> names is cleared.</summary>
public sealed record UpdateDraft
{
    /// <summary>The name the user chooses.</summary>
    public string? Name { get; init; }

    public string? Command { get; init; }

    public long? Gpus { get; init; }

    public string? GpuType { get; init; }

    public long? GpuMinMemoryMb { get; init; }

    public IReadOnlyList<long>? GpuIndices { get; init; }

    public long? Priority { get; init; }

    /// <summary>New values of parameters; those that are not named keep theirs.</summary>
    public IReadOnlyDictionary<string, string>? Parameters { get; init; }

    public WireDuration? TimeLimit { get; init; }

    public IReadOnlyList<long>? DependsOnIds { get; init; }

    public IReadOnlyList<long>? DependsOnGroups { get; init; }

    public string? DependencyMode { get; init; }

    public bool? AutoCancelOnDependencyFailure { get; init; }

    public WireNotifications? Notifications { get; init; }

    /// <summary>Wire names of the fields to clear: those whose JSON value was an explicit <c>null</c>.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Clears { get; init; } = [];

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Others { get; set; }
}
