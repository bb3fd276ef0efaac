using System.Globalization;
using System.Text;

namespace Gflow.Daemon.Execution;

/// <summary>Which GPUs a running job was given, from its own environment; for jobs nobody else can tell about.</summary>
internal static class ProcessGpus
{
    private const string Variable = "GFLOW_JOB_GPUS=";

    /// <returns>Empty when the process is gone or says nothing.</returns>
    public static IReadOnlyList<int> Of(int pid)
    {
        try
        {
            var entry = Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/environ"))
                .Split('\0')
                .FirstOrDefault(text => text.StartsWith(Variable, StringComparison.Ordinal));
            return entry is null
                ? []
                : [.. entry[Variable.Length..].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException)
        {
            return [];
        }
    }
}
