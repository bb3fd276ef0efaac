namespace Gflow.Client.Configuration;

/// <summary>What kind of value a key takes.</summary>
public enum ConfigKind
{
    Text,
    Number,
    Flag,
    TextList,
    NumberList,

    /// <summary>A text that must never be shown: written here, or as a table that says where it is found.</summary>
    Secret,

    /// <summary>As <see cref="Secret"/>; of the text itself scheme and host may be shown.</summary>
    SecretUrl,

    /// <summary>A table whose keys are free and whose values are secrets.</summary>
    SecretMap,
    SecretList,
    Table,

    /// <summary>A table whose keys are free and whose values are tables of one shape.</summary>
    TableMap,
    TableList,

    /// <summary>A number, or as <see cref="TableList"/>.</summary>
    NumberOrTableList,
}

/// <summary>A key that a configuration may have.</summary>
/// <param name="Name">Its name within its table.</param>
/// <param name="Kind">What it takes.</param>
public sealed record ConfigKey(string Name, ConfigKind Kind)
{
    /// <summary>The keys of the table (of each table, for a map or list of tables); for secrets those of the table that says where one is found.</summary>
    public IReadOnlyList<ConfigKey> Children { get; init; } = [];

    /// <summary>Smallest allowed number; also for each item of a list of numbers.</summary>
    public long Minimum { get; init; }

    /// <summary>Largest allowed number; also for each item of a list of numbers.</summary>
    public long Maximum { get; init; } = long.MaxValue;

    public bool Required { get; init; }

    /// <summary>The value, or something in it, must never be shown.</summary>
    public bool Secret { get; init; }

    /// <summary>Read and checked, but without effect until a later release.</summary>
    public bool Later { get; init; }

    /// <summary>The right form in words, where kind and range do not say enough.</summary>
    public string? Form { get; init; }

    /// <summary>What would be right, as an instruction.</summary>
    public string Remedy => "write " + (Form ?? Kind switch
    {
        ConfigKind.Text => "text in quotes",
        ConfigKind.Number => $"a whole number {Range}",
        ConfigKind.Flag => "true or false",
        ConfigKind.TextList => "a list of texts such as [\"a\", \"b\"]",
        ConfigKind.NumberList => $"a list of whole numbers {Range} such as [0, 2]",
        ConfigKind.TableList => $"each entry as a table of its own, [[…{Name}]]",
        _ => $"a table, [{Name}]",
    });

    private string Range => Maximum == long.MaxValue ? $"of at least {Minimum}" : $"from {Minimum} to {Maximum}";
}
