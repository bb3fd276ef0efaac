using Gflow.Core;
using Gflow.Core.CommandLine;
using Gflow.Core.Text;

namespace Gflow.Client.CommandLine;

/// <summary>A command line that was understood, or what is wrong with it.</summary>
/// <typeparam name="TCall">What its command is given when it runs.</typeparam>
public sealed class ParsedCommand<TCall>
{
    private readonly Dictionary<string, List<string>> _given = [];
    private readonly List<string> _words = [];
    private readonly List<OptionSpec> _common = [];
    private readonly List<MissingSpec> _missing = [];

    private ParsedCommand(CommandSpec<TCall> root)
    {
        Spec = root;
        Path = root.Name;
        _common.AddRange(root.Common);
        _missing.AddRange(root.NotAvailable);
    }

    /// <summary>The innermost command named.</summary>
    public CommandSpec<TCall> Spec { get; private set; }

    /// <summary>Its name with those above it.</summary>
    public string Path { get; private set; }

    /// <summary>What it takes for options, those it shares with others last.</summary>
    public IEnumerable<OptionSpec> Options => Spec.Options.Concat(_common);

    public IReadOnlyList<string> Words => _words;

    /// <summary>Whether the words stand after <c>--</c>: they are meant as they are.</summary>
    public bool Insists { get; private set; }

    /// <summary>What is wrong; null when all is well.</summary>
    public string? Fault { get; private set; }

    /// <summary>Of what kind <see cref="Fault"/> is.</summary>
    public ProblemCode FaultCode { get; private set; } = ProblemCode.Usage;

    /// <summary>Turns words into a command with its options.</summary>
    public static ParsedCommand<TCall> Parse(CommandSpec<TCall> root, IReadOnlyList<string> arguments)
    {
        var parsed = new ParsedCommand<TCall>(root);
        var reader = new OptionReader(arguments);
        while (reader.Next(parsed.Find) is { } part)
        {
            parsed.Take(part, reader);
        }

        parsed.Fault ??= parsed.FaultOfOptions() ?? parsed.FaultOfWords();
        return parsed;
    }

    public bool Has(string option) => _given.ContainsKey(option);

    /// <returns>The option's value; null when it was not given.</returns>
    public string? Text(string option) => _given.TryGetValue(option, out var values) ? values[^1] : null;

    /// <returns>All its values in the order given, empty ones of a switch; none when it was not.</returns>
    public IReadOnlyList<string> Texts(string option) => _given.TryGetValue(option, out var values) ? values : [];

    private OptionSpec? Find(string name) => Options.FirstOrDefault(option => option.IsCalled(name));

    private void Take(LinePart part, OptionReader reader)
    {
        switch (part)
        {
            case LinePart.Option option:
                Give(option.Spec, option.Value ?? "");
                break;
            case LinePart.Word { Text: var word }:
                Take(word, reader);
                break;
            case LinePart.NeedsValue { Spec: var spec }:
                Fault ??= $"{spec.Name} needs a value: {spec.Name} {spec.ValueName}";
                break;
            case LinePart.TakesNoValue(_, var name, var value):
                Fault ??= $"{name} takes no value; write it without \"={value}\"";
                break;
            case LinePart.Unknown { Name: var name }:
                RefuseUnknown(name);
                break;
        }
    }

    private void Take(string word, OptionReader reader)
    {
        if (_words.Count == 0 && !reader.OnlyWords)
        {
            if (Spec.NotAvailable.FirstOrDefault(missing => missing.IsCalled(word)) is { } lacking)
            {
                Refuse(lacking, $"{Path} {word}");
            }

            if (Spec.Subcommands.FirstOrDefault(sub => sub.Name == word || sub.Aliases.Contains(word)) is { } subcommand)
            {
                Spec = subcommand;
                Path += $" {subcommand.Name}";
                _common.AddRange(subcommand.Common);
                _missing.AddRange(subcommand.NotAvailable);
                return;
            }

            if (word == "help" && (Spec.Subcommands.Count > 0 || Spec.Name == Path) && Find("--help") is { } help)
            {
                Give(help, "");
                return;
            }
        }

        Insists |= reader.OnlyWords;
        _words.Add(word);
        if (Spec.PassesWordsOn)
        {
            _words.AddRange(reader.Rest());
        }
    }

    private void Give(OptionSpec option, string value)
    {
        if (!_given.TryGetValue(option.Name, out var values))
        {
            _given[option.Name] = values = [];
        }

        values.Add(value);
    }

    private void RefuseUnknown(string name)
    {
        if (_missing.FirstOrDefault(missing => missing.IsCalled(name)) is { } lacking)
        {
            Refuse(lacking, lacking.Names.Contains(name) ? name : name[..2]);
            return;
        }

        Fault ??= NearestText.Find(name, [.. Options.Where(option => !option.Hidden).Select(option => option.Name)]) is { } nearest
            ? $"unknown option {name}; did you mean {nearest}?"
            : $"unknown option {name}; --help lists those there are";
    }

    /// <summary>Whatever follows is not looked at any more: the first fault is the one that is told.</summary>
    private void Refuse(MissingSpec lacking, string written)
    {
        if (Fault is null)
        {
            (Fault, FaultCode) = (lacking.Refusal(written), ProblemCode.NotAvailable);
        }
    }

    private string? FaultOfOptions()
    {
        foreach (var (name, values) in _given)
        {
            if (Find(name) is not { } option)
            {
                RefuseUnknown(name);
                return Fault;
            }

            if (option is { Repeatable: false, ValueName: not null } && values.Count > 1)
            {
                return $"{name} is given {values.Count} times; give it once";
            }
        }

        return Spec.Exclusive.Select(group => group.Where(Has).Take(2).ToList()).FirstOrDefault(pair => pair.Count == 2) is [var first, var second]
            ? $"{first} and {second} cannot be combined; give one of them"
            : null;
    }

    private string? FaultOfWords()
    {
        if (Spec.Words is { } wanted)
        {
            return _words.Count < wanted.Least ? $"{wanted.Name} is missing: {wanted.Help}"
                : _words.Count > wanted.Most ? $"unexpected word \"{_words[wanted.Most]}\"; {Path} takes only {wanted.Name}"
                : null;
        }

        var names = string.Join(", ", Spec.Subcommands.Select(sub => sub.Name));
        return _words switch
        {
            [] => Spec.Run is null ? $"{Path} needs a subcommand: {names}" : null,
            [var first, ..] when names.Length == 0 => $"unexpected word \"{first}\"; {Path} takes only options",
            [var first, ..] => $"\"{first}\" is not a subcommand of {Path}; there {(Spec.Subcommands.Count == 1 ? "is" : "are")} {names}",
        };
    }
}
