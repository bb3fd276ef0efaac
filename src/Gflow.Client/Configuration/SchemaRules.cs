using Gflow.Core.Text;

namespace Gflow.Client.Configuration;

/// <summary>Holds a tree of values against a schema: unknown and missing keys, wrong kinds, numbers out of range.</summary>
/// <param name="root">The whole tree of keys.</param>
public sealed class SchemaRules(ConfigKey root)
{
    /// <summary>Every problem of a value under a key, below it included.</summary>
    /// <param name="value">What was written.</param>
    /// <param name="key">What the schema says of it.</param>
    /// <param name="path">Path of the key; empty for the root.</param>
    public IEnumerable<ConfigProblem> Check(ConfigValue value, ConfigKey key, string path) => (key.Kind, value) switch
    {
        (ConfigKind.Text or ConfigKind.Secret or ConfigKind.SecretUrl, ConfigValue.Text) or (ConfigKind.Flag, ConfigValue.Flag) => [],
        (ConfigKind.Secret or ConfigKind.SecretUrl, ConfigValue.Table place) => CheckPlace(place, key, path),
        (ConfigKind.Number or ConfigKind.NumberOrTableList, ConfigValue.Number number) => CheckRange(number, key, path),
        (ConfigKind.TextList, ConfigValue.List list) => list.Items.SelectMany((item, i) =>
            item is ConfigValue.Text ? [] : InvalidType(item, key, $"{path}[{i}]")),
        (ConfigKind.NumberList, ConfigValue.List list) => list.Items.SelectMany((item, i) =>
            item is ConfigValue.Number number ? CheckRange(number, key, $"{path}[{i}]") : InvalidType(item, key, $"{path}[{i}]")),
        (ConfigKind.SecretMap, ConfigValue.Table map) => map.Entries.SelectMany(entry => CheckSecret(entry.Value.Value, key, Below(path, entry.Key))),
        (ConfigKind.SecretList, ConfigValue.List list) => list.Items.SelectMany((item, i) => CheckSecret(item, key, $"{path}[{i}]")),
        (ConfigKind.Table, ConfigValue.Table table) => CheckTable(table, key, path),
        (ConfigKind.TableMap, ConfigValue.Table map) => map.Entries.SelectMany(entry =>
            entry.Value.Value is ConfigValue.Table table
                ? CheckTable(table, key, Below(path, entry.Key))
                : InvalidType(entry.Value.Value, key, Below(path, entry.Key))),
        (ConfigKind.TableList or ConfigKind.NumberOrTableList, ConfigValue.List list) => list.Items.SelectMany((item, i) =>
            item is ConfigValue.Table table ? CheckTable(table, key, $"{path}[{i}]") : InvalidType(item, key, $"{path}[{i}]")),
        _ => InvalidType(value, key, path),
    };

    /// <summary>The problem that a key is not known where it was written, with the one that was probably meant.</summary>
    public ConfigProblem UnknownKey(string name, ConfigOrigin origin, ConfigKey table, string path)
    {
        var names = table.Children.Select(child => child.Name).ToArray();
        var remedy = (NearestText.Find(name, names), PathOf(name)) switch
        {
            ({ } near, _) => $"did you mean {Below(path, near)}?",
            (null, { } elsewhere) => $"did you mean {elsewhere}?",
            _ => $"the keys here are {string.Join(", ", names)}",
        };
        return new ConfigProblem("unknown_key", origin, Below(path, name), null, "no such key", remedy);
    }

    /// <summary>A path one step further down.</summary>
    public static string Below(string path, string name) =>
        path.Length == 0 ? SecretText.MaskKey(name) : $"{path}.{SecretText.MaskKey(name)}";

    private IEnumerable<ConfigProblem> CheckTable(ConfigValue.Table table, ConfigKey key, string path)
    {
        foreach (var (name, entry) in table.Entries)
        {
            if (key.Children.FirstOrDefault(child => child.Name == name) is not { } child)
            {
                yield return UnknownKey(name, entry.KeyOrigin, key, path);
                continue;
            }

            foreach (var problem in Check(entry.Value, child, Below(path, name)))
            {
                yield return problem;
            }
        }

        foreach (var missing in key.Children.Where(child => child.Required && !table.Entries.ContainsKey(child.Name)))
        {
            yield return new ConfigProblem("missing_key", table.Origin, Below(path, missing.Name), null, "this key is missing", missing.Remedy);
        }
    }

    private IEnumerable<ConfigProblem> CheckSecret(ConfigValue value, ConfigKey key, string path) => value switch
    {
        ConfigValue.Text => [],
        ConfigValue.Table place => CheckPlace(place, key, path),
        _ => InvalidType(value, key, path),
    };

    /// <summary>A table that says where a secret is found; it names exactly one place.</summary>
    private List<ConfigProblem> CheckPlace(ConfigValue.Table place, ConfigKey key, string path)
    {
        var found = CheckTable(place, key, path).ToList();
        var named = ConfigSchema.SecretPlaces.Count(known => place.Entries.ContainsKey(known.Name));

        // A misspelt place is reported already.
        if (found.Count == 0 && named != 1)
        {
            found.Add(new ConfigProblem(
                "invalid_value", place.Origin, path, null, named == 0 ? "this names no place" : "this names more than one place", "write the secret in quotes, or one of { file = \"PATH\" }, { env = \"NAME\" } and { credential = \"NAME\" }"));
        }

        return found;
    }

    /// <summary>Where else in the configuration a key of that name lives; null when nowhere.</summary>
    private string? PathOf(string name) =>
        Walk(root, "").FirstOrDefault(found => found.Key.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Path;

    private static IEnumerable<(string Path, ConfigKey Key)> Walk(ConfigKey table, string prefix)
    {
        foreach (var key in table.Children)
        {
            yield return (prefix + key.Name, key);
            if (key.Kind is ConfigKind.Secret or ConfigKind.SecretUrl or ConfigKind.SecretMap or ConfigKind.SecretList)
            {
                // Every secret has the same keys; none of them is the place of a name.
                continue;
            }

            var suffix = key.Kind switch
            {
                ConfigKind.TableMap => ".NAME.",
                ConfigKind.TableList or ConfigKind.NumberOrTableList => "[].",
                _ => ".",
            };
            foreach (var below in Walk(key, prefix + key.Name + suffix))
            {
                yield return below;
            }
        }
    }

    private static IEnumerable<ConfigProblem> CheckRange(ConfigValue.Number number, ConfigKey key, string path) =>
        number.Value >= key.Minimum && number.Value <= key.Maximum
            ? []
            : [new ConfigProblem("out_of_range", number.Origin, path, number.Shown, "the number is out of range", key.Remedy)];

    private static ConfigProblem[] InvalidType(ConfigValue value, ConfigKey key, string path) =>
        [new ConfigProblem("invalid_type", value.Origin, path, SecretText.Show(value, key), $"invalid type: this is {value.Kind}", key.Remedy)];
}
