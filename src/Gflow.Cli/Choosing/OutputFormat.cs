namespace Gflow.Cli.Choosing;

/// <summary>In which form a command writes, as <c>--output</c> or <c>--json</c> say.</summary>
internal static class OutputFormat
{
    internal const string Table = "table";
    internal const string Json = "json";
    internal const string Csv = "csv";

    /// <param name="formats">Those the command has; the first is for who says nothing.</param>
    /// <returns>One of them.</returns>
    /// <exception cref="CommandFailedException">Another is named, or both options contradict each other.</exception>
    internal static string Read(Invocation invocation, IReadOnlyList<string> formats)
    {
        var written = invocation.Text("--output") ?? formats[0];
        var output = written.ToLowerInvariant();
        if (!formats.Contains(output))
        {
            throw Invocation.Wrong($"--output takes {string.Join(", ", formats.SkipLast(1))} or {formats[^1]}, not \"{written}\"");
        }

        return invocation.Json
            ? invocation.Has("--output") && output != Json ? throw Invocation.Wrong($"--json and --output {output} cannot be combined; give one of them") : Json
            : output;
    }
}
