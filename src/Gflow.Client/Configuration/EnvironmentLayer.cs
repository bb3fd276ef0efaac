using System.Globalization;

namespace Gflow.Client.Configuration;

/// <summary>The part of the configuration that is in environment variables, <c>GFLOW_TABLE__KEY=value</c>.</summary>
public static class EnvironmentLayer
{
    private const string Prefix = "GFLOW_";

    /// <summary>What jobs are given; a daemon or client started from within a job must not take it for configuration.</summary>
    private static readonly string[] GivenToJobs = ["GFLOW_JOB_", "GFLOW_SCRIPT", "GFLOW_ARRAY_", "GFLOW_PARAM_", "GFLOW_RESTART_COUNT"];

    /// <summary>The values that variables set, as a table to lay over that of the file.</summary>
    /// <param name="root">The keys there are.</param>
    /// <remarks>
    /// A variable counts only when it names a known key of the top level, or has <c>__</c> and begins with a known table:
    /// other programs may own the rest of the prefix. From there on an unknown name is a problem.
    /// </remarks>
    public static (ConfigValue.Table Overlay, IReadOnlyList<ConfigProblem> Problems) Read(IReadOnlyDictionary<string, string> environment, ConfigKey root)
    {
        List<ConfigProblem> problems = [];
        Dictionary<string, string> seen = new(StringComparer.Ordinal);
        var rules = new SchemaRules(root);
        var overlay = Empty(ConfigOrigin.InVariable(Prefix));
        foreach (var (variable, value) in environment.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (Segments(variable, root) is not { } segments)
            {
                continue;
            }

            var origin = ConfigOrigin.InVariable(variable);
            var path = string.Join('.', segments);
            if (!seen.TryAdd(path, variable))
            {
                problems.Add(new ConfigProblem("duplicate_key", origin, path, null, $"{seen[path]} sets the same key", "unset one of the two"));
            }
            else if (Place(segments, 0, root, "", value, origin, problems, rules) is { } placed)
            {
                overlay = overlay.Under(placed);
            }
        }

        return (overlay, problems);
    }

    /// <summary>The lower-cased parts of a variable's name; null when it is none of ours.</summary>
    private static string[]? Segments(string variable, ConfigKey root)
    {
        if (!variable.StartsWith(Prefix, StringComparison.Ordinal)
            || Array.Exists(GivenToJobs, given => given.EndsWith('_') ? variable.StartsWith(given, StringComparison.Ordinal) : variable == given))
        {
            return null;
        }

        var segments = variable[Prefix.Length..].ToLowerInvariant().Split("__");
        var first = root.Children.FirstOrDefault(child => child.Name == segments[0]);
        return first is not null && (first.Kind == ConfigKind.Table) == (segments.Length > 1) ? segments : null;
    }

    private static ConfigValue.Table? Place(
        string[] segments, int depth, ConfigKey table, string path, string value, ConfigOrigin origin, List<ConfigProblem> problems, SchemaRules rules)
    {
        var name = segments[depth];
        var key = table.Kind == ConfigKind.TableMap && table.Children.Count > 0
            ? new ConfigKey(name, ConfigKind.Table) { Children = table.Children }
            : table.Children.FirstOrDefault(child => child.Name == name);
        var below = SchemaRules.Below(path, name);
        if (key is null || name.Length == 0)
        {
            problems.Add(rules.UnknownKey(name, origin, table, path));
            return null;
        }

        if (depth == segments.Length - 1)
        {
            return Convert(value, key, below, origin, problems) is { } converted ? With(name, converted, origin) : null;
        }

        if (key.Kind is not (ConfigKind.Table or ConfigKind.TableMap))
        {
            problems.Add(new ConfigProblem(
                "unknown_key", origin, below, null, "a variable cannot set a part of this key", $"set the whole of it in {Prefix}{string.Join("__", segments[..(depth + 1)]).ToUpperInvariant()}"));
            return null;
        }

        return Place(segments, depth + 1, key, below, value, origin, problems, rules) is { } placed ? With(name, placed, origin) : null;
    }

    /// <summary>The value in the kind that its key takes. Where it is none of that kind it stays text, which the schema then refuses.</summary>
    private static ConfigValue? Convert(string value, ConfigKey key, string path, ConfigOrigin origin, List<ConfigProblem> problems)
    {
        var trimmed = value.Trim();
        switch (key.Kind)
        {
            case ConfigKind.Text:
                return new ConfigValue.Text(value, origin);
            case ConfigKind.Number:
            case ConfigKind.NumberOrTableList when !trimmed.StartsWith('['):
                return Number(trimmed, origin);
            case ConfigKind.Flag:
                return Flag(trimmed, origin);
            case ConfigKind.NumberList when !trimmed.StartsWith('['):
                return new ConfigValue.List([.. Items(trimmed).Select(item => Number(item, origin))], origin);
            case ConfigKind.TextList when !trimmed.StartsWith('['):
                return new ConfigValue.List([.. Items(trimmed).Select(item => new ConfigValue.Text(item, origin))], origin);
            case var kind when trimmed.StartsWith(kind is ConfigKind.Table or ConfigKind.TableMap ? '{' : '['):
                var (parsed, faults) = ConfigDocument.ParseValue(trimmed, origin, path);
                problems.AddRange(faults);
                return parsed;
            default:
                return new ConfigValue.Text(value, origin);
        }
    }

    private static string[] Items(string list) => list.Length == 0 ? [] : list.Split(',', StringSplitOptions.TrimEntries);

    private static ConfigValue Number(string text, ConfigOrigin origin) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? new ConfigValue.Number(number, origin)
            : new ConfigValue.Text(text, origin);

    private static ConfigValue Flag(string text, ConfigOrigin origin) => text.ToLowerInvariant() switch
    {
        "true" or "yes" or "on" or "1" => new ConfigValue.Flag(true, origin),
        "false" or "no" or "off" or "0" => new ConfigValue.Flag(false, origin),
        _ => new ConfigValue.Text(text, origin),
    };

    private static ConfigValue.Table Empty(ConfigOrigin origin) => new(new Dictionary<string, ConfigEntry>(), origin);

    private static ConfigValue.Table With(string name, ConfigValue value, ConfigOrigin origin) =>
        new(new Dictionary<string, ConfigEntry> { [name] = new ConfigEntry(origin, value) }, origin);
}
