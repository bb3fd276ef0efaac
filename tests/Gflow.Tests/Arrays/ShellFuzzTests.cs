using System.Text;
using Gflow.Core.Arrays;
using Gflow.Core.Text;

namespace Gflow.Tests.Arrays;

/// <summary>Whatever a value is, a real bash gets it whole, in its word, and runs nothing of it; or it is refused.</summary>
public sealed class ShellFuzzTests
{
    private static readonly string[] ValueParts =
    [
        "$(touch X)", "`touch X`", "; touch X;", "\ntouch X\n", "| touch X", "& touch X &", ">X", "> X", "<(touch X)", "${a:-$(touch X)}", "a[$(touch X)]", "$((a[$(touch X)]))",
        "'", "\"", "\\", "''", "'\\''", "\\\\", "$", "`", "!", "!!", "#", " #", "*", "?", "[a]", "~", "~root", "{a,b}", "{1..3}", "{x}", "(", ")", "((", "))", "{", "}", "[[", "]]",
        "<", "<<E", "\nE\n", "\n", "\t", " ", "&&", "||", ";;", "esac", "fi", "done", "if", "-c", "--", "-v", "-", "+", "=", "A=1", ":", "%", "@", "^", ",", ".", "a", "0", "ü", "😀", "\u00A0", "$'", "$\"", "${", "\r",
    ];

    private static readonly string[] Garbage =
    [
        "'", "\"", "\\", "`", "$", "$(", ")", "(", "((", "))", "$((", "${", "${a:-", "}", "{", "[", "]", "[[ ", " ]]", "#", " #", " ", " ", " ", "\n", ";", "|", "&", "&&", "<<E\n", "<<'E'\n", "<<-E\n", "\nE\n", "<<<", "<(",
        "$'", "$\"", "a", "echo ", "eval ", "bash -c ", "sh -c ", "trap ", "case a in ", " esac", "a[", "]=", "=", "A=", "-c", " -v ", "[ ", "test ", "let ", "declare ", "export ", "printf ", "env ", "exec ", "if ", " then ", " fi", "! ", "time ",
        "f() ", "$a", "\\\n", "*", "!(", "@(", "~", "{x}", "{x}", "{x}", "'{x}'", "\"{x}\"", "{y}", "${x}", "\r", "function f { ", "coproc ", "read ", "for i in ", "do ", " done", "-eq ", "=~ ", "2", ",",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_value_is_exactly_in_its_word()
    {
        var random = Seeded();
        var cases = Enumerable.Range(0, Count(700)).Select(_ => Commands(random) is var (template, expected) && Value(random) is var value ? (template, value, expected(value)) : default).ToList();
        var (run, outputs) = await FilledAsync(cases.Select(one => (one.template, one.value, "b")));
        Assert.True(run.Count > cases.Count / 2);
        foreach (var (index, output, made) in run.Zip(outputs, (index, output) => (index, output.Output, output.Made)))
        {
            Assert.True(made.Length == 0 && output == cases[index].Item3, $"{cases[index].template}\n--- with ---\n{cases[index].value}\n--- gives ---\n{output}{made}\n--- not ---\n{cases[index].Item3}");
        }
    }

    [Fact]
    public async Task In_whatever_text_a_value_stands_it_runs_nothing()
    {
        var random = Seeded();
        var cases = Enumerable.Range(0, Count(1_500)).Select(_ => (Template: Some(random, Garbage, 9), X: Value(random), Y: Value(random))).Where(one => one.Template.Contains("{x}")).ToList();
        var (run, outputs) = await FilledAsync(cases);
        foreach (var (index, made) in run.Zip(outputs, (index, output) => (index, output.Made)))
        {
            Assert.True(made.Length == 0, $"{cases[index].Template}\n--- with ---\n{cases[index].X}\n--- and ---\n{cases[index].Y}\n--- {made}");
        }
    }

    private static async Task<(List<int> Run, List<(string Output, string Made)> Outputs)> FilledAsync(IEnumerable<(string Template, string X, string Y)> cases)
    {
        var filled = cases.Select((one, index) => (index, Command: Placeholders.InShell(one.Template, new Dictionary<string, string> { ["x"] = one.X, ["y"] = one.Y })))
            .Where(one => one.Command.Ok)
            .ToList();
        var outputs = await BashRun.AllAsync(filled.Select(one => one.Command.Value), Ct);
        Assert.Equal(filled.Count, outputs.Count);
        return ([.. filled.Select(one => one.index)], outputs);
    }

    /// <summary>A command that prints a text in which the value is, and that text.</summary>
    private static (string Template, Func<string, string> Expected) Commands(Random random, int depth = 0)
    {
        var (word, expected) = Words(random, depth);
        var print = $"printf '%s.' {word}";
        Func<string, string> printed = value => expected(value) + ".";
        return random.Next(depth < 3 ? 22 : 12) switch
        {
            0 => ($"true; {print}", printed),
            1 => ($"true | {print}", printed),
            2 => ($"if true; then {print}; fi", printed),
            3 => ($"case {word} in *) {print};; esac", printed),
            4 => ($"for v in {word}; do printf '%s.' \"$v\"; done", printed),
            5 => ($"v={word}; printf '%s.' \"$v\"", printed),
            6 => ($"export v={word}; printf '%s.' \"$v\"", printed),
            7 => ($"v=({word} b); printf '%s.' \"${{v[0]}}\"", printed),
            8 => ($"cat <<< {word}", value => expected(value) + "\n"),
            9 => ($"f () {{ printf '%s.' \"$1\"; }}; f {word}", printed),
            10 => ($"v={word} bash -c 'printf %s. \"$v\"'", printed),
            11 => ($"while ! {{ {print}\n}}; do :; done", printed),
            12 or 13 or 14 => Commands(random, depth + 1) is var (code, inner) ? ($"{Shell(random, code)} {Pick(random, "-c", "-ec", "-e -c")} {Quoted(random, code)}", inner) : default,
            15 or 16 => Commands(random, depth + 1) is var (code, inner) ? ($"eval {Quoted(random, code)}", inner) : default,
            17 => (Pick(random, "eval printf %s. {x}", "eval eval printf %s. '{x}'"), value => value + "."),
            18 => Commands(random, depth + 1) is var (code, inner) ? ($"( {code} )", inner) : default,
            19 => Commands(random, depth + 1) is var (code, inner) ? ($"cat <( {code} )", inner) : default,
            20 when depth == 0 => Commands(random, depth + 1) is var (code, inner) ? ($"trap {Quoted(random, code)} EXIT", inner) : default,
            _ => (print, printed),
        };
    }

    private static (string Template, Func<string, string> Expected) Words(Random random, int depth)
    {
        switch (random.Next(depth < 3 ? 11 : 8))
        {
            case 0:
                return ("'{x}'", value => value);
            case 1:
                return ("\"{x}\"", value => value);
            case 2:
                return ("a{x}b", value => $"a{value}b");
            case 3:
                return ("\"a\\\\{x} b\"", value => $"a\\{value} b");
            case 4:
                return ("'a'{x}\"\\{x}\"", value => $"a{value}\\{value}");
            case 5:
                return ("$UNSET_{x}\"$UNSET_{x}\"'$(a)'", value => value + value + "$(a)");
            case 6:
                return ("\"it's\"{x}{y}'\"'", value => $"it's{value}b\"");
            case 8 or 9:
                var (code, inner) = Commands(random, depth + 1);
                return ($"\"$({code}; printf ,)\"", value => inner(value) + ",");
            default:
                return ("{x}", value => value);
        }
    }

    private static string Quoted(Random random, string code) => random.Next(2) == 0 || code.AsSpan().ContainsAny("\\$`\"")
        ? ShellText.Quote(code)
        : $"\"{code}\"";

    private static string Shell(Random random, string code) => code.Contains("<<<") || code.Contains("<(") || code.Contains("=(") ? "env bash" : Pick(random, "bash", "sh", "/bin/bash", "nohup dash");

    private static string Pick(Random random, params string[] any) => any[random.Next(any.Length)];

    private static string Value(Random random) => Some(random, ValueParts, 4);

    private static string Some(Random random, string[] parts, int most)
    {
        var text = new StringBuilder();
        for (var count = random.Next(most + 1); count >= 0; count--)
        {
            text.Append(parts[random.Next(parts.Length)]);
        }

        return text.ToString();
    }

    private static Random Seeded() => new(Environment.GetEnvironmentVariable("GFLOW_FUZZ_SEED") is { } seed ? int.Parse(seed) : 4711);

    private static int Count(int usual) => Environment.GetEnvironmentVariable("GFLOW_FUZZ_CASES") is { } cases ? int.Parse(cases) : usual;
}
