using System.Collections;
using Gflow.Core.Text;

namespace Gflow.Client.Platform;

/// <summary>The environment of this process as a value, taken once at the edge of the program.</summary>
public static class ProcessEnvironment
{
    private const char Replacement = '\uFFFD';

    /// <summary>All variables with all their bytes (<see cref="ByteText"/>).</summary>
    public static IReadOnlyDictionary<string, string> Read()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            variables[(string)variable.Key] = (string?)variable.Value ?? "";
        }

        return variables.Any(variable => variable.Key.Contains(Replacement, StringComparison.Ordinal) || variable.Value.Contains(Replacement, StringComparison.Ordinal))
            ? Parse(File.ReadAllBytes("/proc/self/environ"))
            : variables;
    }

    /// <summary>Reads <c>KEY=VALUE</c> entries, each with a NUL after it (proc(5)); of several with one name the first counts, as for getenv(3).</summary>
    public static Dictionary<string, string> Parse(byte[] entries)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in ByteText.Of(entries).Split('\0'))
        {
            if (entry.IndexOf('=') is > 0 and var equals)
            {
                _ = variables.TryAdd(entry[..equals], entry[(equals + 1)..]);
            }
        }

        return variables;
    }
}
