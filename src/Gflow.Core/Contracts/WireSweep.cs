namespace Gflow.Core.Contracts;

/// <summary>A parameter and the values that it takes.</summary>
public sealed record WireAxis(string Name, IReadOnlyList<string> Values);

/// <summary>Combinations of parameters' values, one in each row.</summary>
/// <param name="Columns">Names of the parameters.</param>
public sealed record WireRows(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);
