using System.Text;
using System.Text.Json;
using Gflow.Client.Configuration;

namespace Gflow.Daemon.Configuration;

/// <summary>What <c>gflowd config check</c> prints and exits with.</summary>
/// <param name="ExitCode">0 when a daemon would start with this configuration, 1 when it would refuse.</param>
/// <param name="Output">Lines for people, or one JSON document; ends with a line break.</param>
internal sealed record ConfigReport(int ExitCode, string Output);

/// <summary>Tells what is wrong, questionable or without effect in a configuration.</summary>
internal static class ConfigCheck
{
    /// <summary>Reads the configuration as a daemon would and reports on it.</summary>
    public static ConfigReport Run(string? configPath, IReadOnlyDictionary<string, string> environment, GflowPaths paths, bool json)
    {
        var load = ConfigFile.Load(configPath, environment, paths);
        return new ConfigReport(load.Problems.Count == 0 ? 0 : 1, json ? Json(load) : Text(load, configPath ?? paths.ConfigFile));
    }

    private static string Text(ConfigLoad load, string wanted)
    {
        var lines = new StringBuilder();
        foreach (var (label, findings) in new[] { ("error", load.Problems), ("warning", load.Warnings), ("note", load.Notes) })
        {
            foreach (var finding in findings)
            {
                lines.Append(label).Append(": ").Append(finding).Append('\n');
            }
        }

        var subject = load.File ?? (load.Problems.Count > 0 ? wanted : $"no file at {wanted}, defaults and environment");
        var verdict = load.Problems.Count switch
        {
            0 => "ok",
            1 => "1 problem; the daemon would not start with it",
            var many => $"{many} problems; the daemon would not start with them",
        };
        return lines.Append(subject).Append(": ").Append(verdict).Append('\n').ToString();
    }

    private static string Json(ConfigLoad load)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteBoolean("ok", load.Problems.Count == 0);
            writer.WriteString("file", load.File);
            Write(writer, "problems", load.Problems);
            Write(writer, "warnings", load.Warnings);
            Write(writer, "notes", load.Notes);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void Write(Utf8JsonWriter writer, string name, IReadOnlyList<ConfigProblem> findings)
    {
        writer.WriteStartArray(name);
        foreach (var finding in findings)
        {
            writer.WriteStartObject();
            writer.WriteString("code", finding.Code);
            writer.WriteString("file", finding.Origin.File);
            Place(writer, "line", finding.Origin.Line);
            Place(writer, "column", finding.Origin.Column);
            writer.WriteString("variable", finding.Origin.Variable);
            writer.WriteString("key", finding.Key.Length == 0 ? null : finding.Key);
            writer.WriteString("value", finding.Value);
            writer.WriteString("message", finding.Message);
            writer.WriteString("remedy", finding.Remedy.Length == 0 ? null : finding.Remedy);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Place(Utf8JsonWriter writer, string name, int place)
    {
        if (place > 0)
        {
            writer.WriteNumber(name, place);
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
