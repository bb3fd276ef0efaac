using CsCheck;
using Gflow.Core.CommandLine;

namespace Gflow.Tests.CommandLine;

/// <summary>The utility conventions of POSIX.1-2017 (XBD 12.2) and getopt_long(3), for whoever reads a line with them.</summary>
public sealed class OptionReaderTests
{
    private static readonly OptionSpec[] Known =
    [
        new("--gpus", ["-g"], "N", ""),
        new("--name", ["-n", "--job-name"], "NAME", ""),
        new("--all", ["-a"], null, ""),
        new("--watch", ["-w"], null, ""),
    ];

    private static readonly string[] Values = ["2", "a b", "-7", "x=y", "-", "ä"];

    [Theory]
    [InlineData("--gpus 2", "--gpus:2")]
    [InlineData("--gpus=2", "--gpus:2")]
    [InlineData("--gpus=", "--gpus:")]
    [InlineData("--name=a=b", "--name:a=b")]
    [InlineData("--job-name x", "--name:x")]
    [InlineData("-g 2", "--gpus:2")]
    [InlineData("-g2", "--gpus:2")]
    [InlineData("-g=2", "--gpus:2")]
    [InlineData("-nall", "--name:all")]
    [InlineData("-n -5", "--name:-5")]
    [InlineData("-n -", "--name:-")]
    [InlineData("-aw", "--all --watch")]
    [InlineData("-awg2", "--all --watch --gpus:2")]
    [InlineData("-awg 2", "--all --watch --gpus:2")]
    [InlineData("-ag=2", "--all --gpus:2")]
    [InlineData("-", "word(-)")]
    [InlineData("a --all b", "word(a) --all word(b)")]
    [InlineData("-- --all -g -- x", "word(--all) word(-g) word(--) word(x)")]
    public void An_option_is_read_in_every_form_that_the_conventions_have(string line, string read) => Assert.Equal(read, Read(line));

    [Theory]
    [InlineData("--gpu 2", "unknown(--gpu) word(2)")]
    [InlineData("--gpu=2", "unknown(--gpu=)")]
    [InlineData("-x", "unknown(-x)")]
    [InlineData("-ax", "--all unknown(-x)")]
    [InlineData("-a-w", "--all unknown(--w)")]
    [InlineData("-a- --all", "--all unknown(--) --all")]
    [InlineData("--all=yes", "no-value(--all=yes)")]
    [InlineData("-a=yes", "no-value(-a=yes)")]
    [InlineData("-wa=yes", "--watch no-value(-a=yes)")]
    [InlineData("--gpus", "needs-value(--gpus)")]
    [InlineData("-ag", "--all needs-value(-g)")]
    [InlineData("--gpus --all", "needs-value(--gpus) --all")]
    [InlineData("--gpus -n x", "needs-value(--gpus) --name:x")]
    [InlineData("--gpus -- 2", "needs-value(--gpus) word(2)")]
    public void What_is_wrong_is_said_and_the_rest_is_read_on(string line, string read) => Assert.Equal(read, Read(line));

    [Fact]
    public void The_rest_is_passed_on_as_it_stands()
    {
        var reader = new OptionReader(["--all", "run", "-g", "--", "-x"]);
        Assert.IsType<LinePart.Option>(reader.Next(Find));
        Assert.Equal(new LinePart.Word("run"), reader.Next(Find));

        Assert.Equal(["-g", "--", "-x"], reader.Rest());
        Assert.Null(reader.Next(Find));
    }

    [Fact]
    public void Options_and_words_that_are_written_in_any_form_read_back_as_the_same() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, Values.Length - 1], Gen.Int[0, 3]).List[0, 6].Sample(wanted =>
        {
            List<string> line = [];
            List<string> expected = [];
            foreach (var (which, written, form) in wanted)
            {
                var (spec, value) = (Known[which], Values[written]);
                var (name, letter) = (spec.Name, spec.Aliases[0]);
                if (spec.ValueName is null)
                {
                    line.Add(form % 2 == 0 ? name : letter);
                    expected.Add(name);
                    continue;
                }

                line.AddRange(form switch
                {
                    0 => [name, value],
                    1 => [$"{name}={value}"],
                    2 => [letter, value],
                    _ => (string[])[$"{letter}={value}"],
                });
                expected.Add($"{name}:{value}");
            }

            Assert.Equal(expected, Parts(line));
        });

    private static string Read(string line) => string.Join(' ', Parts(line.Split(' ')));

    private static IEnumerable<string> Parts(IReadOnlyList<string> words)
    {
        var reader = new OptionReader(words);
        while (reader.Next(Find) is { } part)
        {
            yield return part switch
            {
                LinePart.Option(var spec, var value) => value is null ? spec.Name : $"{spec.Name}:{value}",
                LinePart.Word(var text) => $"word({text})",
                LinePart.Unknown(var name, var hasValue) => $"unknown({name}{(hasValue ? "=" : "")})",
                LinePart.NeedsValue(_, var name) => $"needs-value({name})",
                LinePart.TakesNoValue(_, var name, var value) => $"no-value({name}={value})",
                _ => throw new InvalidOperationException(),
            };
        }
    }

    private static OptionSpec? Find(string name) => Array.Find(Known, option => option.IsCalled(name));
}
