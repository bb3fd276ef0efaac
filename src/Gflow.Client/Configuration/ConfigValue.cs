using System.Globalization;
using System.Text;

namespace Gflow.Client.Configuration;

/// <summary>A configured value as written, before anything is known of what it should be; a closed set.</summary>
public abstract record ConfigValue
{
    private ConfigValue(ConfigOrigin origin) => Origin = origin;

    public ConfigOrigin Origin { get; }

    /// <summary>The kind in words, with its article: <c>text</c>, <c>a list</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>The value as a person would recognise it, short; whoever shows it must know that it is no secret.</summary>
    public abstract string Shown { get; }

    public sealed record Text(string Value, ConfigOrigin Origin) : ConfigValue(Origin)
    {
        private const int MostShown = 80;

        public override string Kind => "text";

        public override string Shown => Quote(Value);

        /// <summary>Where the text came from when it was not written here, as it was written: <c>{ file = "…" }</c>; else null.</summary>
        public string? Place { get; init; }

        /// <summary>Quoted, on one line and not too long, whatever it holds.</summary>
        public static string Quote(string value)
        {
            var shown = new StringBuilder("\"");
            foreach (var c in value.Length > MostShown ? value[..MostShown] : value)
            {
                _ = c switch
                {
                    '"' or '\\' => shown.Append('\\').Append(c),
                    '\n' => shown.Append("\\n"),
                    _ when char.IsControl(c) => shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                    _ => shown.Append(c),
                };
            }

            return shown.Append(value.Length > MostShown ? "…\"" : "\"").ToString();
        }
    }

    public sealed record Number(long Value, ConfigOrigin Origin) : ConfigValue(Origin)
    {
        public override string Kind => "a whole number";

        public override string Shown => Value.ToString(CultureInfo.InvariantCulture);
    }

    public sealed record Flag(bool Value, ConfigOrigin Origin) : ConfigValue(Origin)
    {
        public override string Kind => "true or false";

        public override string Shown => Value ? "true" : "false";
    }

    /// <summary>What TOML has and no key of ours takes: fractions, dates, times.</summary>
    public sealed record Other(string Name, string Written, ConfigOrigin Origin) : ConfigValue(Origin)
    {
        public override string Kind => Name;

        public override string Shown => Written;
    }

    public sealed record List(IReadOnlyList<ConfigValue> Items, ConfigOrigin Origin) : ConfigValue(Origin)
    {
        public override string Kind => "a list";

        public override string Shown => Items.Count == 0 ? "[]" : "[…]";
    }

    public sealed record Table(IReadOnlyDictionary<string, ConfigEntry> Entries, ConfigOrigin Origin) : ConfigValue(Origin)
    {
        public override string Kind => "a table";

        public override string Shown => Entries.Count == 0 ? "{}" : "{…}";

        public ConfigValue? this[string key] => Entries.TryGetValue(key, out var entry) ? entry.Value : null;

        /// <summary>This table with another one over it: tables merge key by key, everything else is replaced.</summary>
        public Table Under(Table upper)
        {
            var merged = new OrderedDictionary<string, ConfigEntry>(Entries, StringComparer.Ordinal);
            foreach (var (key, entry) in upper.Entries)
            {
                merged[key] = (this[key], entry.Value) switch
                {
                    (Table lower, Table over) => entry with { Value = lower.Under(over) },

                    // A wrong kind stays visible, so that it is reported and not papered over.
                    ({ } wrong, Table) => merged[key] with { Value = wrong },
                    _ => entry,
                };
            }

            return new Table(merged, Origin);
        }
    }
}

/// <summary>A key of a table with its value.</summary>
/// <param name="KeyOrigin">Where the key was written, for complaints about the key itself.</param>
/// <param name="Value">What was written for it.</param>
public sealed record ConfigEntry(ConfigOrigin KeyOrigin, ConfigValue Value);
