using System.Text;
using Gflow.Core.Jobs;

namespace Gflow.Daemon.Execution;

/// <summary>What to execute for a job: its command, by bash unless bash would only execute it; or its stored script by the interpreter its first line names.</summary>
/// <param name="Program">argv[0].</param>
/// <param name="Arguments">The rest of argv.</param>
internal sealed record JobScript(string Program, IReadOnlyList<string> Arguments)
{
    private const string Bash = "/bin/bash";

    /// <param name="copy">Where the stored bytes of the script lie; null for commands.</param>
    /// <param name="environment">The job's own, in which its program is looked for; null to have bash look for it.</param>
    public static JobScript Of(JobSpec spec, byte[]? script, string? copy, IReadOnlyList<string>? environment)
    {
        if (script is null || copy is null)
        {
            return environment is not null && PlainCommand.TryRead(spec.Command!, environment) is { } words
                ? new(words[0], words[1..])
                : new(Bash, ["-c", spec.Command!]);
        }

        var (interpreter, argument) = Shebang(script);
        return new(interpreter, [.. argument is null ? Array.Empty<string>() : [argument], copy, .. spec.Arguments]);
    }

    /// <summary>Reads the first line as execve(2) does on Linux: one interpreter and at most one argument, which may hold blanks. Bash where there is none.</summary>
    public static (string Interpreter, string? Argument) Shebang(ReadOnlySpan<byte> script)
    {
        if (!script.StartsWith("#!"u8))
        {
            return (Bash, null);
        }

        var end = script.IndexOf((byte)'\n');
        var line = Encoding.UTF8.GetString(end < 0 ? script[2..] : script[2..end]).Trim();
        var blank = line.AsSpan().IndexOfAny(' ', '\t');
        return line.Length == 0 ? (Bash, null)
            : blank < 0 ? (line, null)
            : (line[..blank], line[blank..].Trim());
    }
}
