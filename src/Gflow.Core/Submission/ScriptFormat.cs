using Gflow.Core.Text;

namespace Gflow.Core.Submission;

/// <summary>What editors of other systems write into scripts, and no interpreter here can read.</summary>
public static class ScriptFormat
{
    /// <summary>Files whose language their name tells, and the program that runs them.</summary>
    private static readonly Dictionary<string, string> Interpreters = new()
    {
        [".py"] = "python",
        [".pl"] = "perl",
        [".rb"] = "ruby",
        [".R"] = "Rscript",
        [".r"] = "Rscript",
        [".jl"] = "julia",
        [".js"] = "node",
        [".lua"] = "lua",
    };

    /// <param name="script">The bytes of the script.</param>
    /// <param name="file">Where it is, for the command that repairs it; null for one that came without a file.</param>
    /// <returns>What is wrong, with the command that repairs it; null when nothing is.</returns>
    public static Problem? Fault(ReadOnlySpan<byte> script, string? file)
    {
        var name = file ?? "the script";
        var shown = ShellText.Quote(file ?? "FILE");
        if (script.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || script.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
        {
            return Refused($"{name} is UTF-16, which no interpreter reads; repair it: iconv -f UTF-16 -t UTF-8 {shown} > {shown}.new && mv {shown}.new {shown}");
        }

        // ASCII that takes two bytes for each character.
        if (script.Length >= 4 && ((script[0] == 0 && script[2] == 0) || (script[1] == 0 && script[3] == 0)))
        {
            return Refused($"{name} is UTF-16, which no interpreter reads; repair it: iconv -f UTF-16{(script[0] == 0 ? "BE" : "LE")} -t UTF-8 {shown} > {shown}.new && mv {shown}.new {shown}");
        }

        if (script.StartsWith("\uFEFF"u8))
        {
            return Refused($@"{name} begins with a byte order mark, so that its first line is not understood; repair it: sed -i '1s/^\xEF\xBB\xBF//' {shown}");
        }

        // Without the line that names its interpreter a script is bash's, which takes other languages for commands: "import" takes a picture of the screen.
        if (file is not null && Interpreters.TryGetValue(Path.GetExtension(file), out var interpreter) && !script.StartsWith("#!"u8))
        {
            return Refused($"{name} has no #! line, so that bash would run it; submit it with: gbatch {interpreter} {shown}");
        }

        return EndsLinesTwice(script)
            ? Refused($@"{name} has lines that end as on Windows (CR LF), which the shell takes for a part of its words; repair it: sed -i 's/\r$//' {shown}")
            : null;
    }

    /// <summary>In a shell's script any such line does harm; elsewhere the first, for the interpreter it names.</summary>
    private static bool EndsLinesTwice(ReadOnlySpan<byte> script)
    {
        var end = script.IndexOf((byte)'\n');
        var first = end < 0 ? script : script[..end];
        if (first.EndsWith("\r"u8))
        {
            return true;
        }

        var isShells = !first.StartsWith("#!"u8) || first.EndsWith("sh"u8) || first.IndexOf("sh "u8) > 0;
        return isShells && script.IndexOf("\r\n"u8) >= 0;
    }

    private static Problem Refused(string message) => new(ProblemCode.WrongFormat, message, "script_content");
}
