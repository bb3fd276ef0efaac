using Gflow.Core.Notifications;

namespace Gflow.Tests.Notifications;

/// <summary>Which target of a new configuration is which of the old one.</summary>
public sealed class TargetSuccessionTests
{
    [Theory]
    // Names: what else changes does not matter, and nobody else takes over.
    [InlineData("ops=a/1", "ops=b/2", "ops>ops")]
    [InlineData("ops=a/1", "ops=a/1", "")]
    [InlineData("ops=a/1", "lab=a/1", "")]
    [InlineData("ops=a/1", "lab=a/2", "")]
    [InlineData("ops=a/1", "a/2", "")]
    [InlineData("a/1", "ops=a/2", "")]
    // A name given or taken away, at the same address.
    [InlineData("a/1", "ops=a/1", "a/1>ops")]
    [InlineData("ops=a/1", "a/1", "ops>a/1")]
    [InlineData("ops=a/1 a/1", "a/1", "")]
    // Without names: the address, wherever it is, and then the place.
    [InlineData("a/1 b/1", "b/1 a/1", "")]
    [InlineData("a/1", "b/2", "a/1>b/2")]
    [InlineData("a/1 b/1", "b/1", "")]
    [InlineData("a/1 b/1", "a/1 b/2", "b/1>b/2")]
    [InlineData("a/1 b/1", "b/2 a/1", "")]
    [InlineData("a/1 b/1 c/1", "a/2 b/1 d/1", "a/1>a/2 c/1>d/1")]
    [InlineData("a/1 ops=b/1", "a/2 ops=b/1", "a/1>a/2")]
    [InlineData("a/1 mail:a/1", "mail:a/2 a/1", "mail:a/1>mail:a/2")]
    [InlineData("a/1", "mail:a/1", "")]
    [InlineData("a/1 a/1", "a/1", "a/1-2>a/1")]
    // Away in between: the host must be the same as well.
    [InlineData("-a/1", "a/2", "-a/1>a/2")]
    [InlineData("-a/1", "b/1", "")]
    [InlineData("-a/1", "b/1 a/2", "")]
    [InlineData("-a/1 a/2", "a/3", "a/2>a/3")]
    // Of a version that remembers no configuration: the host, where it leaves no choice.
    [InlineData("?a/1", "b/1 a/2", "?a/1>a/2")]
    [InlineData("?a/1", "a/2 a/3", "")]
    [InlineData("?a/1 ?a/2", "a/3", "")]
    [InlineData("?a/1", "b/1", "")]
    public void Each_is_known_again(string before, string now, string expected)
    {
        var (old, next) = (Read(before), Read(now));

        var heirs = TargetSuccession.Find([.. old.Values], [.. next.Values]);

        Assert.Equal(expected, string.Join(' ', heirs.Select(heir => $"{Written(old, heir.From)}>{Written(next, heir.To)}")));
    }

    [Theory]
    [InlineData("hooks.example.com-0a1b2c3d", "hooks.example.com")]
    [InlineData("hooks.example.com-0a1b2c3d-2", "hooks.example.com")]
    [InlineData("ops", null)]
    [InlineData("ops-0a1b2c3", null)]
    [InlineData("-0a1b2c3d", null)]
    public void A_made_up_name_is_told_from_a_given_one(string name, string? host) =>
        Assert.Equal(host, KnownTarget.Unnamed(name, "webhook")?.Host);

    private static string Written(Dictionary<string, KnownTarget> all, KnownTarget target) => all.Single(pair => pair.Value == target).Key;

    /// <summary>In the order of the file: [-|?][mail:][NAME=]HOST/PATH, away or known by deliveries alone.</summary>
    private static Dictionary<string, KnownTarget> Read(string text)
    {
        var targets = new Dictionary<string, KnownTarget>();
        foreach (var written in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var bare = written.TrimStart('-', '?');
            var kind = bare.StartsWith("mail:", StringComparison.Ordinal) ? "email" : "webhook";
            var named = bare.Replace("mail:", "", StringComparison.Ordinal).Split('=');
            var address = named[^1].Split('/');
            var made = KnownTarget.AddressOf(address[0], $"{kind} {named[^1]}");
            var number = targets.Values.Count(target => target.Address == made && !target.IsNamed) + 1;
            var key = named.Length == 2 ? named[0] : number == 1 ? written : $"{written}-{number}";
            targets.Add(key, new KnownTarget
            {
                Name = named.Length == 2 ? named[0] : number == 1 ? made : $"{made}-{number}",
                IsNamed = named.Length == 2,
                Kind = kind,
                Address = made,
                Place = written[0] == '?' ? null : targets.Values.Count(target => target.Kind == kind && !target.IsAway),
                IsAway = written[0] == '-',
            });
        }

        return targets;
    }
}
