using Tomlyn;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Gflow.Client.Configuration;

/// <summary>TOML text as a tree of values that know where they were written.</summary>
public static class ConfigDocument
{
    /// <summary>How deep it may nest: far deeper than any key there is.</summary>
    private const int Deepest = 32;

    private static readonly TomlSerializerOptions Limits = new() { MaxDepth = Deepest };

    /// <summary>Reads a whole document.</summary>
    /// <returns>The root table, or every place where the text is not TOML.</returns>
    public static (ConfigValue.Table? Root, IReadOnlyList<ConfigProblem> Problems) Parse(string text, string file)
    {
        var (document, problems) = Syntax(text, span => ConfigOrigin.InFile(file, span.Line + 1, span.Column + 1));
        return document is null ? (null, problems) : (Build(document, At), []);

        ConfigOrigin At(SyntaxNode node) => ConfigOrigin.InFile(file, node.Span.Start.Line + 1, node.Span.Start.Column + 1);
    }

    /// <summary>Reads one TOML value, such as an environment variable holds.</summary>
    /// <returns>The value, every part of it with <paramref name="origin"/>; or the problems, under <paramref name="key"/>.</returns>
    public static (ConfigValue? Value, IReadOnlyList<ConfigProblem> Problems) ParseValue(string text, ConfigOrigin origin, string key)
    {
        var (document, problems) = Syntax($"value = {text}", _ => origin);
        if (document is null)
        {
            return (null, [.. problems.Take(1).Select(problem => problem with { Key = key })]);
        }

        var root = Build(document, _ => origin);
        return root.Entries.Count == 1
            ? (root["value"], [])
            : (null, [new ConfigProblem("syntax", origin, key, null, "more than one value", "write one TOML value on one line")]);
    }

    /// <summary>
    /// The document with every line outside the named sections (and the top) made blank, so that a mistake elsewhere does
    /// not hide what is in them. Line numbers stay.
    /// </summary>
    internal static string OnlySections(string text, IReadOnlyCollection<string> names)
    {
        var wanted = true;
        return string.Join('\n', text.Split('\n').Select(line =>
        {
            var trimmed = line.TrimStart();
            if (trimmed.StartsWith('['))
            {
                wanted = names.Contains(trimmed.TrimStart('[').Split('.', ']')[0].Trim().Trim('"', '\''));
            }

            return wanted ? line : "";
        }));
    }

    private static (DocumentSyntax? Document, IReadOnlyList<ConfigProblem> Problems) Syntax(
        string text, Func<TextPosition, ConfigOrigin> origin)
    {
        DocumentSyntax document;
        try
        {
            // The parser throws on a backslash that is the last character of all, instead of reporting it.
            document = SyntaxParser.Parse(text + "\n", Limits, "", validate: true);
        }
        catch (TomlException)
        {
            return (null, [TooDeep(origin(new TextPosition(0, LineOfDepth(text), 0)))]);
        }

        if (!document.HasErrors)
        {
            // Of dotted names the parser takes any number, and each is a table in a table.
            return document.Descendants().OfType<KeySyntax>().FirstOrDefault(key => key.DotKeys.ChildrenCount > Deepest) is { } key
                ? (null, [TooDeep(origin(key.Span.Start))])
                : (document, []);
        }

        // One mistake makes the parser stumble again and again, to the end of the file; the first stumble is the one that helps.
        var first = document.Diagnostics.Where(diagnostic => diagnostic.Kind == DiagnosticMessageKind.Error).MinBy(diagnostic => diagnostic.Span.Start.Offset)!;
        return (null, [TomlFault.ToProblem(first, origin(first.Span.Start))]);
    }

    private static ConfigProblem TooDeep(ConfigOrigin origin) => new("syntax", origin, "", null, "tables or lists nest too deep", "no key needs this; remove it");

    /// <summary>The line (from 0) at which the text goes too deep, which the other parser does not tell.</summary>
    private static int LineOfDepth(string text)
    {
        var parser = TomlParser.Create(text, Limits);
        try
        {
            while (parser.MoveNext())
            {
            }
        }
        catch (TomlException fault)
        {
            return fault.Line - 1 ?? 0;
        }

        return 0;
    }

    private static ConfigValue.Table Build(DocumentSyntax document, Func<SyntaxNode, ConfigOrigin> at)
    {
        var root = new Draft(at(document));
        foreach (var pair in document.KeyValues)
        {
            root.Put(pair, at);
        }

        foreach (var header in document.Tables)
        {
            var table = root;
            var names = Names(header.Name!);
            for (var i = 0; i < names.Count; i++)
            {
                table = i == names.Count - 1 && header is TableArraySyntax
                    ? table.Append(names[i], at(header))
                    : table.Descend(names[i], at(header));
            }

            foreach (var pair in header.Items)
            {
                table.Put(pair, at);
            }
        }

        return root.Finish();
    }

    private static List<string> Names(KeySyntax key) =>
        [Name(key.Key!), .. key.DotKeys.Select(part => Name(part.Key!))];

    private static string Name(BareKeyOrStringValueSyntax part) => part switch
    {
        BareKeySyntax bare => bare.Key!.Text!,
        StringValueSyntax quoted => quoted.Value!,
        _ => throw new InvalidOperationException($"A key of kind {part.Kind} passed validation"),
    };

    private static ConfigValue Value(SyntaxNode syntax, Func<SyntaxNode, ConfigOrigin> at) => syntax switch
    {
        StringValueSyntax text => new ConfigValue.Text(text.Value!, at(text)),
        IntegerValueSyntax integer => new ConfigValue.Number(integer.Value, at(integer)),
        BooleanValueSyntax flag => new ConfigValue.Flag(flag.Value, at(flag)),
        FloatValueSyntax fraction => new ConfigValue.Other("a number with a fraction", fraction.ToString().Trim(), at(fraction)),
        DateTimeValueSyntax date => new ConfigValue.Other("a date or time", date.ToString().Trim(), at(date)),
        ArraySyntax list => new ConfigValue.List([.. list.Items.Select(item => Value(item.Value!, at))], at(list)),
        InlineTableSyntax table => Inline(table, at),
        _ => throw new InvalidOperationException($"A value of kind {syntax.Kind} passed validation"),
    };

    private static ConfigValue.Table Inline(InlineTableSyntax syntax, Func<SyntaxNode, ConfigOrigin> at)
    {
        var table = new Draft(at(syntax));
        foreach (var item in syntax.Items)
        {
            table.Put(item.KeyValue!, at);
        }

        return table.Finish();
    }

    /// <summary>A table still being written: later headers and dotted keys may add to it.</summary>
    private sealed class Draft(ConfigOrigin origin)
    {
        private readonly OrderedDictionary<string, (ConfigOrigin At, object Value)> _entries = new(StringComparer.Ordinal);

        public void Put(KeyValueSyntax pair, Func<SyntaxNode, ConfigOrigin> at)
        {
            var names = Names(pair.Key!);
            var table = this;
            foreach (var name in names[..^1])
            {
                table = table.Descend(name, at(pair.Key!));
            }

            table._entries[names[^1]] = (at(pair.Key!), Value(pair.Value!, at));
        }

        public Draft Descend(string name, ConfigOrigin at)
        {
            if (_entries.TryGetValue(name, out var present))
            {
                return present.Value switch
                {
                    Draft table => table,
                    List<Draft> tables => tables[^1],
                    _ => throw new InvalidOperationException("A table over a value passed validation"),
                };
            }

            var made = new Draft(at);
            _entries[name] = (at, made);
            return made;
        }

        public Draft Append(string name, ConfigOrigin at)
        {
            var made = new Draft(at);
            if (_entries.TryGetValue(name, out var present))
            {
                ((List<Draft>)present.Value).Add(made);
            }
            else
            {
                _entries[name] = (at, new List<Draft> { made });
            }

            return made;
        }

        public ConfigValue.Table Finish()
        {
            var finished = new OrderedDictionary<string, ConfigEntry>(StringComparer.Ordinal);
            foreach (var (name, (at, value)) in _entries)
            {
                finished[name] = new ConfigEntry(at, value switch
                {
                    Draft table => table.Finish(),
                    List<Draft> tables => new ConfigValue.List([.. tables.Select(table => table.Finish())], at),
                    _ => (ConfigValue)value,
                });
            }

            return new ConfigValue.Table(finished, origin);
        }
    }
}
