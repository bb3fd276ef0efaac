using System.Text.RegularExpressions;

namespace Gflow.Core.Arrays;

/// <summary>
/// Which words of a command are code: for another shell, or for the shell itself. Programs are known by their names; what a script or
/// a function does with its arguments is its own affair.
/// </summary>
internal static partial class ShellCodeRules
{
    private static readonly HashSet<string> Shells = ["bash", "sh", "dash", "zsh", "ksh", "ash", "mksh", "rbash"];

    /// <summary>Some argument of theirs is code, or may be, but not of a shell whose quotes are known, or not in a known place.</summary>
    private static readonly HashSet<string> Unclear = ["fish", "csh", "tcsh", "pwsh", "nu", "rc", "watch", "parallel", "script", "flock", "sg", "tmux", "screen", "hyperfine", "entr", "batch", "at"];

    /// <summary>They evaluate what they take for the name of a variable, or for arithmetic.</summary>
    private static readonly HashSet<string> Evaluating =
        ["let", "read", "unset", "mapfile", "readarray", "getopts", "compgen", "complete", "bind", "alias", "wait", "enable", "fc"];

    private static readonly HashSet<string> Declaring = ["declare", "typeset", "local", "export", "readonly"];

    private static readonly HashSet<string> Prefixes =
        ["env", "nohup", "time", "timeout", "nice", "sudo", "doas", "xargs", "command", "builtin", "exec", "setsid", "stdbuf", "srun", "ionice", "chrt", "taskset", "numactl", "strace", "unshare", "chroot"];

    private const string SshOptionsWithValue = "BbcDEeFIiJLlmOopQRSWw";

    private static readonly HashSet<string> EvaluatedVariables =
        ["BASH_ENV", "ENV", "PS0", "PS1", "PS2", "PS4", "PROMPT_COMMAND", "RANDOM", "SRANDOM", "SECONDS", "LINENO", "OPTIND", "HISTCMD", "BASHPID", "PPID", "UID", "EUID", "EPOCHSECONDS", "BASH_SUBSHELL"];

    /// <summary>Variables that evaluate whatever comes into them, anywhere in the script.</summary>
    [GeneratedRegex(@"\b(?:(?:declare|typeset|local|export|readonly)\s+(?:-\w+\s+)*-\w*[in]|integer\b|nameref\b)")]
    internal static partial Regex EvaluatesAll();

    /// <summary>Whether a program of that name takes code.</summary>
    internal static bool RunsCode(string program) => program[(program.LastIndexOf('/') + 1)..] is var name
        && (Shells.Contains(name) || Unclear.Contains(name) || name is "eval" or "ssh" or "trap" or "su" or "runuser" or "env" or "let" or "source" or ".");

    /// <summary>Says of each word of a simple command what it is.</summary>
    /// <returns>Whether the command reads code from its input, so that anything may become code.</returns>
    internal static bool Judge(IReadOnlyList<ShellWord> words)
    {
        var assignments = words.TakeWhile(word => word.AssignsTo is not null).Count();
        foreach (var word in words.Take(assignments).Where(word => EvaluatedVariables.Contains(word.AssignsTo!)))
        {
            word.Doubt = ShellDoubt.Variable;
        }

        var command = words.Skip(assignments).SkipWhile(word => word.Text is "command" or "builtin" or "coproc").ToList();
        if (command.Count == 0)
        {
            return false;
        }

        if (JudgeJoining(command))
        {
            return false;
        }

        JudgeBuiltin(command);
        JudgeChoice(command);
        return JudgeShell(command);
    }

    private static void JudgeBuiltin(List<ShellWord> command)
    {
        var arguments = command[1..];
        switch (command[0].Program)
        {
            case "trap":
                arguments.ForEach(word => word.BecomeCode());
                break;
            case "su" or "runuser":
                JudgeSwitch(arguments);
                break;
            case "env" when arguments.Any(word => word.Text is ['-', 'S', ..] or ['-', '-', 's', ..]):
            case "test" or "[" when arguments.Any(word => word.Text is "-v" or "-R") || arguments.Zip(arguments.Skip(1)).Any(pair => pair.First.Text is null && pair.Second.HasHoles):
            case "printf" when arguments is [{ HasHoles: true } or { IsLiteral: false }, ..] || arguments.Any(word => word.Text is ['-', 'v', ..]):
            case { } name when Evaluating.Contains(name):
                Doubt(arguments, ShellDoubt.Builtin);
                break;
            case { } name when Declaring.Contains(name):
                Doubt(arguments.Where(word => word.AssignsTo is null || EvaluatedVariables.Contains(word.AssignsTo)), ShellDoubt.Builtin);
                break;
            case "source" or ".":
                Doubt(arguments.Where(word => !word.IsLiteral), ShellDoubt.Code);
                break;
            case { } when command.Take(ProgramAt(command) + 1).Any(word => word.Program is { } name && Unclear.Contains(name)) || (IsPrefixed(command) && command.Any(word => word.Program == "ssh")):
                Doubt(arguments, ShellDoubt.Code);
                break;
        }
    }

    /// <summary>eval and ssh make one text of their arguments.</summary>
    private static bool JudgeJoining(List<ShellWord> command)
    {
        if (command[0].Program == "eval" && command.Count > 1)
        {
            ShellWord.BecomeCode(command[1..]);
            return true;
        }

        if (command[0].Program != "ssh")
        {
            return false;
        }

        var host = 1;
        while (host < command.Count && command[host].Decoded is ['-', ..] option)
        {
            command[host].Doubt ??= command[host].Text is null ? ShellDoubt.Code : null;
            host += SshOptionsWithValue.Contains(option[^1]) && option.Length == 2 ? 2 : 1;
        }

        Doubt(command.Take(host), ShellDoubt.Code);
        if (host < command.Count)
        {
            command[host].MayBeOption = command[host].HasHoles;
            Doubt(command[host].IsLiteral ? [] : command[host..], ShellDoubt.Code);
            ShellWord.BecomeCode(command[(host + 1)..]);
        }

        return true;
    }

    /// <summary>su and runuser take code behind <c>-c</c>, wherever it stands.</summary>
    private static void JudgeSwitch(List<ShellWord> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            if (i > 0 && IsCodeOption(arguments[i - 1].Text))
            {
                arguments[i].BecomeCode();
            }
            else if (arguments[i].Text is null && arguments[i].Decoded is ['-', ..] or { Length: 0 })
            {
                arguments[i].Doubt = ShellDoubt.Code;
            }
            else
            {
                arguments[i].MayBeOption = arguments[i].HasHoles;
            }
        }
    }

    /// <summary>Where a parameter says what to run, its value must not make code of the others.</summary>
    private static void JudgeChoice(List<ShellWord> command)
    {
        var last = command.FindLastIndex(word => word.Text is null);
        var choice = command.FindIndex(word => word.Text is null);
        var program = ProgramAt(command);
        for (var i = choice; i >= 0 && i <= program && i < last; i++)
        {
            command[i].DecidesOnCode = command[i].Text is null;
        }

        if (choice >= 0 && choice <= program && command.Skip(choice + 1).SkipWhile(word => word.Text is null).TakeWhile(word => word.Text is ['-', ..]).Any(word => IsCodeOption(word.Text)))
        {
            Doubt(command[(choice + 1)..], ShellDoubt.Code);
        }
    }

    private static bool JudgeShell(List<ShellWord> command)
    {
        var at = command.FindIndex(word => word.Program is { } name && Shells.Contains(name));
        if (at < 0)
        {
            return false;
        }

        var (takesCode, readsCode) = (false, false);
        for (var i = at + 1; i < command.Count; i++)
        {
            var word = command[i];
            if (word.Text is ['-' or '+', not '\0', ..] option && option is not "--")
            {
                takesCode |= IsCodeOption(option);
                readsCode |= option is ['-', not '-', ..] && option.Contains('s');
                i += TakesValue(option) ? 1 : 0;
            }
            else if (word.Text is not "--" and not "-")
            {
                JudgeOperand(command[i..], takesCode);
                return readsCode || (!takesCode && word.Text?.StartsWith("/dev/", StringComparison.Ordinal) == true);
            }
        }

        // Behind what is no prefix, the name of a shell is an argument like any other.
        return !takesCode && (at == 0 || IsPrefixed(command));
    }

    private static void JudgeOperand(List<ShellWord> operands, bool takesCode)
    {
        var first = operands[0];
        if (takesCode)
        {
            first.BecomeCode();
        }
        else if (!first.IsLiteral)
        {
            Doubt(operands, ShellDoubt.Code);
        }
        else
        {
            first.MayBeOption = first.HasHoles;
        }
    }

    /// <summary>The word that is the program, as far as can be told behind the options of another.</summary>
    private static int ProgramAt(List<ShellWord> command) => IsPrefixed(command)
        ? command.FindIndex(word => word.Text is { Length: > 0 } text && char.IsAsciiLetter(text[0]) && !text.Contains('=') && !Prefixes.Contains(text)) is >= 0 and var at ? at : command.Count - 1
        : 0;

    private static bool IsPrefixed(List<ShellWord> command) => command[0].Program is { } name && Prefixes.Contains(name);

    private static bool IsCodeOption(string? option) => option is ['-', not '-', ..] && option.Contains('c');

    private static bool TakesValue(string option) => option is "--rcfile" or "--init-file" || (option is not ['-', '-', ..] && option[^1] is 'o' or 'O');

    private static void Doubt(IEnumerable<ShellWord> words, ShellDoubt doubt)
    {
        foreach (var word in words)
        {
            word.Doubt ??= doubt;
        }
    }
}
