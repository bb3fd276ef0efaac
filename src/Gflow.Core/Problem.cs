namespace Gflow.Core;

/// <summary>A coded, field-addressed reason for saying no. Expected refusals are values; exceptions are for bugs and broken machines.</summary>
/// <param name="Code">Stable, snake_case, for programs.</param>
/// <param name="Message">One sentence for people: what was wrong and what would be right.</param>
/// <param name="Field">The request field or configuration key it is about, in wire spelling; null when it is about the whole.</param>
public sealed record Problem(string Code, string Message, string? Field = null);
