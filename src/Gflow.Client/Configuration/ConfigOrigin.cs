namespace Gflow.Client.Configuration;

/// <summary>Where a configured value was written: a place in a file, or an environment variable.</summary>
public sealed record ConfigOrigin
{
    private ConfigOrigin()
    {
    }

    /// <summary>Path of the file; null when the value comes from the environment.</summary>
    public string? File { get; private init; }

    /// <summary>Counted from 1; 0 when it is about the whole file or about a variable.</summary>
    public int Line { get; private init; }

    /// <summary>Counted from 1; 0 when unknown.</summary>
    public int Column { get; private init; }

    /// <summary>Name of the environment variable; null when the value comes from a file.</summary>
    public string? Variable { get; private init; }

    public static ConfigOrigin InFile(string file, int line = 0, int column = 0) =>
        new() { File = file, Line = line, Column = column };

    public static ConfigOrigin InVariable(string variable) => new() { Variable = variable };

    public override string ToString() => this switch
    {
        { Variable: { } variable } => $"environment variable {variable}",
        { Line: > 0, Column: > 0 } => $"{File}:{Line}:{Column}",
        { Line: > 0 } => $"{File}:{Line}",
        _ => File!,
    };
}
