using System.Text;
using System.Text.Json;
using Gflow.Client.Configuration;
using Gflow.Core.Text;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Notifications;

namespace Gflow.Daemon.Lifecycle;

/// <summary>What <c>gflowd config check</c> prints and exits with.</summary>
/// <param name="ExitCode">0 when a daemon would start with this configuration, 1 when it would refuse.</param>
/// <param name="Output">Lines for people, or one JSON document; ends with a line break.</param>
internal sealed record ConfigReport(int ExitCode, string Output);

/// <summary>Tells what is wrong, questionable or without effect in a configuration.</summary>
internal static class ConfigCheck
{
    /// <summary>Reads the configuration as a daemon would and reports on it.</summary>
    public static async Task<ConfigReport> RunAsync(string? configPath, IReadOnlyDictionary<string, string> environment, GflowPaths paths, bool json) =>
        Report(await LoadAsync(configPath, environment, paths), configPath ?? paths.ConfigFile, json, []);

    /// <summary>The same, and each target of notifications is connected to, with TLS and login, without anything being sent.</summary>
    public static async Task<ConfigReport> ConnectAsync(
        string? configPath, IReadOnlyDictionary<string, string> environment, GflowPaths paths, bool json, TimeProvider time, CancellationToken ct)
    {
        var load = await LoadAsync(configPath, environment, paths);
        var tried = load.Options is { } options ? await ConnectionCheck.RunAsync(NotificationsModule.Reached(options.Notifications), options.Daemon.Port, time, ct) : [];
        return Report(load, configPath ?? paths.ConfigFile, json, tried);
    }

    private static async Task<ConfigLoad> LoadAsync(string? configPath, IReadOnlyDictionary<string, string> environment, GflowPaths paths)
    {
        var load = ConfigFile.Load(configPath, environment, paths);
        return load.Options is { } options
            ? load with { Warnings = [.. load.Warnings, .. (await AdminLookup.OfMachine.RunAsync(options.Access, AdminLookup.UsualPatience)).Warnings] }
            : load;
    }

    private static ConfigReport Report(ConfigLoad load, string wanted, bool json, IReadOnlyList<TriedTarget> tried) => new(
        load.Problems.Count == 0 && tried.All(target => target.Reached.Problem is null) ? 0 : 1,
        json ? Json(load, tried) : Text(load, wanted) + string.Concat(tried.Select(Text)));

    private static string Text(TriedTarget tried) => tried.Reached.Problem is { } problem
        ? $"error: target {SafeText.Line(tried.Name)}: {SafeText.Line(problem)}\n"
        : $"target {SafeText.Line(tried.Name)}: {tried.Reached.Done}\n";

    private static string Text(ConfigLoad load, string wanted)
    {
        var lines = new StringBuilder();
        foreach (var (label, findings) in new[] { ("error", load.Problems), ("warning", load.Warnings), ("note", load.Notes) })
        {
            foreach (var finding in findings)
            {
                lines.Append(label).Append(": ").Append(SafeText.Line(finding.ToString())).Append('\n');
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

    private static string Json(ConfigLoad load, IReadOnlyList<TriedTarget> tried)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteBoolean("ok", load.Problems.Count == 0 && tried.All(target => target.Reached.Problem is null));
            writer.WriteString("file", load.File);
            Write(writer, "problems", load.Problems);
            Write(writer, "warnings", load.Warnings);
            Write(writer, "notes", load.Notes);
            if (tried.Count > 0)
            {
                Write(writer, tried);
            }

            writer.WriteEndObject();
        }

        return SafeText.JsonStrings(Encoding.UTF8.GetString(stream.ToArray())) + "\n";
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

    private static void Write(Utf8JsonWriter writer, IReadOnlyList<TriedTarget> tried)
    {
        writer.WriteStartArray("targets");
        foreach (var target in tried)
        {
            writer.WriteStartObject();
            writer.WriteString("name", target.Name);
            writer.WriteString("done", target.Reached.Problem is null ? target.Reached.Done : null);
            writer.WriteString("problem", target.Reached.Problem);
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
