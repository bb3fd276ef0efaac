using Gflow.Client.Configuration;

namespace Gflow.Daemon.Configuration.Reading;

/// <summary>
/// A table being read into options. Values of a wrong kind or range read as unset here: the schema has reported them, and
/// nobody is told twice.
/// </summary>
internal sealed class ConfigSection(ConfigValue.Table? table, ConfigKey schema, string path, ConfigFindings findings, SecretReader secrets, SchemaRules rules)
{
    public ConfigFindings Findings => findings;

    public ConfigOrigin Origin => table!.Origin;

    public ConfigValue.Text? Text(string key) => Value(key) as ConfigValue.Text;

    public long? Number(string key) => Value(key) is ConfigValue.Number number ? number.Value : null;

    public bool? Flag(string key) => Value(key) is ConfigValue.Flag flag ? flag.Value : null;

    /// <summary>The numbers of a list; null when unset.</summary>
    public IReadOnlyList<long>? Numbers(string key) => Value(key) is ConfigValue.List list
        ? [.. list.Items.Cast<ConfigValue.Number>().Select(item => item.Value)]
        : null;

    /// <summary>The texts of a list; null when unset.</summary>
    public IReadOnlyList<ConfigValue.Text>? Texts(string key) => Value(key) is ConfigValue.List list
        ? [.. list.Items.Cast<ConfigValue.Text>()]
        : null;

    /// <summary>The list itself, for complaints about the whole of it.</summary>
    public ConfigValue? Whole(string key) => Value(key);

    public ConfigSection Section(string key) =>
        new(table?[key] as ConfigValue.Table, Key(key), PathOf(key), findings, secrets, rules);

    /// <summary>The tables under a key with free names.</summary>
    public IEnumerable<(string Name, ConfigSection Section)> Named(string key) =>
        ((table?[key] as ConfigValue.Table)?.Entries ?? new Dictionary<string, ConfigEntry>())
        .Select(entry => (entry.Key, new ConfigSection(entry.Value.Value as ConfigValue.Table, Key(key), SchemaRules.Below(PathOf(key), entry.Key), findings, secrets, rules)));

    /// <summary>A secret, fetched from where it is; null when unset, or when it could not be had.</summary>
    public ConfigValue.Text? Secret(string key) => Value(key) is { } value ? secrets.Read(value, PathOf(key)) : null;

    /// <summary>The secrets under a key with free names, with where each name was written; those that could not be had are left out.</summary>
    public IEnumerable<(string Name, ConfigOrigin NameOrigin, ConfigValue.Text Value)> SecretMap(string key) =>
        from entry in (Value(key) as ConfigValue.Table)?.Entries ?? new Dictionary<string, ConfigEntry>()
        let secret = secrets.Read(entry.Value.Value, SchemaRules.Below(PathOf(key), entry.Key))
        where secret is not null
        select (entry.Key, entry.Value.KeyOrigin, secret);

    /// <summary>The secrets of a list, each with its end where one was written and its position; those that could not be had are left out.</summary>
    public IEnumerable<(ConfigValue.Text Value, ConfigValue.Text? Until, int Item)> SecretList(string key) =>
        from item in ((Value(key) as ConfigValue.List)?.Items ?? []).Select((value, i) => (Value: value, Index: i))
        let secret = secrets.Read(item.Value, $"{PathOf(key)}[{item.Index}]")
        where secret is not null
        select (secret, (item.Value as ConfigValue.Table)?[ConfigSchema.SecretUntil.Name] as ConfigValue.Text, item.Index);

    /// <summary>The tables of a list of tables.</summary>
    public IEnumerable<ConfigSection> List(string key) =>
        ((table?[key] as ConfigValue.List)?.Items ?? [])
        .Select((item, i) => (Table: item as ConfigValue.Table, At: $"{PathOf(key)}[{i}]"))
        .Where(item => item.Table is not null)
        .Select(item => new ConfigSection(item.Table, Key(key), item.At, findings, secrets, rules));

    /// <summary>Reports that the value of a key is wrong; an item of a list by its position.</summary>
    public void Wrong(string key, ConfigValue value, string message, string? remedy = null, int? item = null) =>
        findings.Problems.Add(Finding("invalid_value", key, value, message, remedy, item));

    /// <summary>Reports what is allowed but probably not meant.</summary>
    public void Warn(string key, ConfigValue value, string message, string remedy, int? item = null) =>
        findings.Warnings.Add(Finding("questionable_value", key, value, message, remedy, item));

    public string PathOf(string key) => SchemaRules.Below(path, key);

    private ConfigProblem Finding(string code, string key, ConfigValue value, string message, string? remedy, int? item) =>
        new(code, value.Origin, PathOf(key) + (item is { } i ? $"[{i}]" : ""), SecretText.Show(value, Key(key)), message, remedy ?? Key(key).Remedy);

    private ConfigKey Key(string key) => schema.Children.First(child => child.Name == key);

    private ConfigValue? Value(string key) =>
        table?[key] is { } value && !rules.Check(value, Key(key), PathOf(key)).Any() ? value : null;
}

/// <summary>What was found while a configuration was read; no text in it holds a secret.</summary>
internal sealed class ConfigFindings
{
    /// <summary>What stops a daemon from starting.</summary>
    public List<ConfigProblem> Problems { get; } = [];

    /// <summary>What is allowed but probably not meant.</summary>
    public List<ConfigProblem> Warnings { get; } = [];
}
