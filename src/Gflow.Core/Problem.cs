namespace Gflow.Core;

/// <summary>A coded, field-addressed reason for saying no. Expected refusals are values; exceptions are for bugs and broken machines.</summary>
/// <param name="Kind">For programs.</param>
/// <param name="Message">One sentence for people: what was wrong and what would be right.</param>
/// <param name="Field">The request field or configuration key it is about, in wire spelling; null when it is about the whole.</param>
public sealed record Problem(ProblemCode Kind, string Message, string? Field = null)
{
    /// <summary>The name of its kind.</summary>
    public string Code => Kind.Name;

    /// <summary>The state of the job or the status of the reservation, where that is why the answer is no.</summary>
    public string? State { get; init; }
}
