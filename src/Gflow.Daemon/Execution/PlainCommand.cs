using System.Buffers;
using System.Collections.Frozen;

namespace Gflow.Daemon.Execution;

/// <summary>
/// A command that bash would do nothing to but execute: words without anything that means something to a shell, the first of them a
/// program. It is executed at once; the millisecond in which bash starts is most of a short job's life.
/// </summary>
internal static class PlainCommand
{
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./,+:@= ");

    /// <summary>What bash does itself (bash(1), SHELL BUILTIN COMMANDS and RESERVED WORDS); true and false do the same as the programs of these names.</summary>
    private static readonly FrozenSet<string> OfBash = FrozenSet.ToFrozenSet(
    [
        ".", ":", "alias", "bg", "bind", "break", "builtin", "caller", "case", "cd", "command", "compgen", "complete", "compopt",
        "continue", "coproc", "declare", "dirs", "disown", "do", "done", "echo", "elif", "else", "enable", "esac", "eval", "exec",
        "exit", "export", "fc", "fg", "fi", "for", "function", "getopts", "hash", "help", "history", "if", "in", "jobs", "kill",
        "let", "local", "logout", "mapfile", "popd", "printf", "pushd", "pwd", "read", "readarray", "readonly", "return", "select",
        "set", "shift", "shopt", "source", "suspend", "test", "then", "time", "times", "trap", "type", "typeset", "ulimit", "umask",
        "unalias", "unset", "until", "wait", "while",
    ]);

    /// <param name="environment">The job's own, as <c>KEY=VALUE</c>.</param>
    /// <returns>The words; null when it takes bash to run the command, or to say what is wrong with it.</returns>
    public static string[]? TryRead(string command, IReadOnlyList<string> environment)
    {
        if (command.AsSpan().ContainsAnyExcept(Plain))
        {
            return null;
        }

        var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length == 0 || words[0].Contains('=') || OfBash.Contains(words[0]) || BashMayDiffer(words[0], environment) || !IsProgram(words[0], environment)
            ? null
            : words;
    }

    /// <summary>Bash reads a file first, or has a function of that name.</summary>
    private static bool BashMayDiffer(string program, IReadOnlyList<string> environment) => environment.Any(entry =>
        entry.StartsWith("BASH_ENV=", StringComparison.Ordinal) || entry.StartsWith($"BASH_FUNC_{program}%%=", StringComparison.Ordinal));

    private static bool IsProgram(string program, IReadOnlyList<string> environment)
    {
        if (program.Contains('/'))
        {
            // A relative path is one to the job's directory, and a file without a shebang is bash's business.
            return false;
        }

        var path = environment.FirstOrDefault(entry => entry.StartsWith("PATH=", StringComparison.Ordinal))?["PATH=".Length..] ?? "";
        return path.Split(':').Any(directory => directory.StartsWith('/') && IsExecutable(Path.Combine(directory, program)));
    }

    private static bool IsExecutable(string file)
    {
        const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return File.Exists(file) && (File.GetUnixFileMode(file) & Execute) != 0 && HasFormat(file);
    }

    /// <summary>The kernel executes it: it is a compiled program or names its interpreter. Others only bash would run.</summary>
    private static bool HasFormat(string file)
    {
        try
        {
            Span<byte> head = stackalloc byte[4];
            using var opened = File.OpenHandle(file);
            var read = RandomAccess.Read(opened, head, 0);
            return head[..read].StartsWith("#!"u8) || head[..read].SequenceEqual("\u007fELF"u8);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Executable but not readable for us: bash finds out.
            return false;
        }
    }
}
