namespace Gflow.Tests.Sweep;

/// <summary>A value that hardly any field is made for.</summary>
/// <param name="Name">How a failure calls it.</param>
/// <param name="Make">Its bytes, each as the character of that number, so that they need not be UTF-8; made when it is needed, as some are large.</param>
internal sealed record OddValue(string Name, Func<string> Make)
{
    public OddValue(string text)
        : this(text, () => text)
    {
    }
}

/// <summary>What is put into each field, part of a path, query and header.</summary>
internal static class OddValues
{
    /// <summary>Just below what a body may have on any route.</summary>
    private const int Long = 1_000_000;

    private const int Huge = 10 << 20;

    private const int Many = 10_000;

    // U+202E, the bytes of half a character in the manner of UTF-8, and bytes that no text has.
    private const string Bidi = "\u00E2\u0080\u00AE";
    private const string Half = "\u00ED\u00A0\u0080";
    private const string NoText = "\u00FF\u00C3(";

    private static readonly string[] Numbers =
    [
        "-1", "0", "-0", "0.5", "2147483648", "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551616", "-9223372036854775809", "1e400",
    ];

    /// <summary>In a body.</summary>
    public static IReadOnlyList<OddValue> Json { get; } =
    [
        .. Numbers.Select(number => new OddValue(number)),
        new("null"), new("true"), new("[]"), new("{}"), new("\"\""), new("\"  \\t \""), new("\"NaN\""), new("NaN"), new("\"../../etc/passwd\""),
        new("\"a\\u0000b\""), new("\"\\u001b[31m\\u0007\\r\\n\""), new("\"\\u202ea\""), new("\"\\ud800\""), new("not UTF-8", () => $"\"{NoText}\""), new("half a character", () => $"\"{Half}\""), new("[null]"),
        new("{\"\":\"\",\"a=b\":\"\\u0000\",\"\\u0000\":null}"), new("{\"a\":\"1\",\"a\":\"2\"}"),
        new("{\"secs\":18446744073709551615,\"nanos\":4294967295}"), new("{\"secs\":9223372036854775807,\"nanos\":2147483647}"),
        new("{\"secs_since_epoch\":253402300800,\"nanos_since_epoch\":0}"), new("{\"secs_since_epoch\":9223372036854775807,\"nanos_since_epoch\":2147483647}"),
        new("arrays, 40 deep", () => Repeated("[", 40) + Repeated("]", 40)), new("arrays, 10000 deep", () => Repeated("[", Many) + Repeated("]", Many)), new("objects, 10000 deep", () => Repeated("{\"a\":", Many) + "1" + Repeated("}", Many)),
        new("10000 numbers", () => $"[{string.Join(',', Enumerable.Range(1, Many))}]"), new("10000 texts", () => $"[{string.Join(',', Enumerable.Range(1, Many).Select(i => $"\"a{i}@b.example\""))}]"),
        new("10000 names", () => $"{{{string.Join(',', Enumerable.Range(1, Many).Select(i => $"\"a{i}\":\"\""))}}}"), new("a long text", () => Text(Long)), new("a long number", () => Repeated("9", Many)),
    ];

    /// <summary>For fields whose values nobody looks at.</summary>
    public static IReadOnlyList<OddValue> OfNobody { get; } = [.. Json.Where(value => value.Name is "-1" or "null" or "{}" or "\"\\ud800\"" or "not UTF-8" or "1e400" or "arrays, 10000 deep" or "a long text")];

    /// <summary>More than any route takes, but for two fields of a submission.</summary>
    public static OddValue HugeText { get; } = new("a huge text", () => Text(Huge));

    /// <summary>In a path or a query, ready to be sent.</summary>
    public static IReadOnlyList<OddValue> InUrls { get; } =
    [
        .. Numbers.Select(number => new OddValue(number)),
        new(""), new("%20%09"), new("NaN"), new("null"), new("true"), new("[]"), new("%7B%7D"), new("x"), new("@~0"), new("..%2F..%2Fetc"), new("%01"), new("a%00b"), new("%1B%5B31m%07"), new("%E2%80%AE"), new("%ED%A0%80"), new("%FF%FE"),
        new("bytes as they are", () => NoText), new("%zz%"), new("1,2,3-7,x"), new("9-1"), new("0-4294967295"), new("253402300800"), new("10000 items", () => $"1{Repeated(",1", 2_000)}"), new("6000 digits", () => Repeated("9", 6_000)), new("a long text", () => Repeated("x", 7_000)),
    ];

    /// <summary>In a header.</summary>
    public static IReadOnlyList<OddValue> InHeaders { get; } =
    [
        .. Numbers.Select(number => new OddValue(number)),
        new(""), new("  \t "), new("NaN"), new("null"), new("[]"), new("{}"), new("x"), new("*/*;q=1e400,,;"), new("application/json; charset=utf-7"), new("http://evil.example"), new("a\u0000b"), new("\u001B[31m\u0007"), new("bidi", () => Bidi), new("not UTF-8", () => NoText), new("half a character", () => Half),
        new("300 characters", () => Repeated("k", 300)), new("a long text", () => Repeated("x", 7_000)), new("a longer text", () => Repeated("x", 70_000)), new("a line more", () => "1\r\n 2"), new("a bare line feed", () => "1\n2"), new("a carriage return", () => "1\r2"),
    ];

    private static string Text(int length) => $"\"{new string('x', length)}\"";

    private static string Repeated(string text, int times) => string.Concat(Enumerable.Repeat(text, times));
}
