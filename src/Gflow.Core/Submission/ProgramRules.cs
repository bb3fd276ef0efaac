using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Core.Submission;

/// <summary>Checks what a job runs, and where and with what: program, arguments, directory, environment.</summary>
internal sealed class ProgramRules(Refusals refusals, SubmissionPolicy policy)
{
    public string? Script(string? path)
    {
        if (path is not null)
        {
            refusals.CheckText(path, "The script's path", "script", "Move it.", SubmissionRules.MaxPathBytes);
        }

        return path;
    }

    public string? Command(SubmissionDraft draft)
    {
        if (draft.Script is { Length: > SubmissionRules.MaxPathBytes })
        {
            // Refused already, and too long to be quoted in whatever else is wrong.
            return null;
        }

        if (draft is { Command: null, ScriptContent.Length: <= SubmissionRules.MaxScriptBytes } && ScriptFormat.Fault(draft.ScriptContent, draft.Script) is { } fault)
        {
            refusals.Add([fault]);
            return null;
        }

        switch (draft)
        {
            case { Script: null, ScriptContent: null, Command: null }:
                refusals.Add(ProblemCode.Invalid, "There is nothing to run: give 'command' or 'script'.", "command");
                return null;
            case { Command: not null, Script: not null } or { Command: not null, ScriptContent: not null }:
                refusals.Add(ProblemCode.Invalid, "Give either 'command' or 'script', not both.", "command");
                return null;
            case { Command: null, ScriptContent.Length: > SubmissionRules.MaxScriptBytes }:
                refusals.Add(ProblemCode.Invalid, $"The script has {draft.ScriptContent.Length} bytes; at most {SubmissionRules.MaxScriptBytes} are allowed.", "script_content");
                return null;
            case { Command: null, ScriptContent: null }:
                refusals.Add(ProblemCode.Invalid, $"The script's bytes are missing: send them as 'script_content' (base64) along with its path {draft.Script}.", "script_content");
                return null;
            default:
                return draft.Command is null ? null : CommandText(draft.Command);
        }
    }

    public string CommandText(string command)
    {
        if (string.IsNullOrWhiteSpace(command))
        {
            refusals.Add(ProblemCode.Invalid, "The command is empty.", "command");
        }
        else
        {
            refusals.CheckText(command, "The command", "command", "Put it into a script file.");
        }

        return command;
    }

    public List<string> Arguments(SubmissionDraft draft)
    {
        if (draft.Arguments is not { Count: > 0 } arguments)
        {
            return [];
        }

        if (draft.Command is not null)
        {
            refusals.Add(ProblemCode.Invalid, "Arguments belong to a script; a command carries its own.", "arguments");
        }

        var texts = refusals.Texts(arguments, "arguments");
        CheckArguments(texts);
        return texts;
    }

    public void CheckArguments(IReadOnlyList<string> arguments)
    {
        foreach (var argument in arguments)
        {
            refusals.CheckText(argument, "An argument", "arguments", "Pass it in a file.");
        }
    }

    public string RunDir(string? directory, string fallback)
    {
        // "." is what older clients send when they do not say.
        if (directory is null or "" or ".")
        {
            return fallback;
        }

        if (directory[0] != '/' || directory.Contains('\0'))
        {
            refusals.Add(ProblemCode.Invalid, $"'run_dir' must be an absolute path; it is '{directory}'.", "run_dir");
        }
        else
        {
            refusals.CheckText(directory, "The working directory's path", "run_dir", "Work in another one.", SubmissionRules.MaxPathBytes);
        }

        return directory;
    }

    public byte[]? EnvironmentBytes(IReadOnlyDictionary<string, string>? environment)
    {
        if (environment is null)
        {
            return null;
        }

        // Before any work is put into what is too much anyway.
        var least = environment.Sum(pair => (long)pair.Key.Length + (pair.Value?.Length ?? 0) + 2);
        if (least > policy.EnvironmentBytes)
        {
            refusals.Add(ProblemCode.Invalid, $"The environment has {least} bytes or more; at most {policy.EnvironmentBytes} are allowed.", "environment");
            return null;
        }

        var bytes = new List<byte>();
        foreach (var (key, value) in environment.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (key.Length == 0 || key.Contains('=') || key.Contains('\0'))
            {
                refusals.Add(ProblemCode.Invalid, $"'{key}' is not a name of an environment variable.", "environment");
            }

            refusals.CheckText(key + "=" + value, $"The environment variable {key}", "environment", "Unset it before submitting.");
            bytes.AddRange(ByteText.Bytes($"{key}={value}"));
            bytes.Add(0);
        }

        if (bytes.Count > policy.EnvironmentBytes)
        {
            refusals.Add(ProblemCode.Invalid, $"The environment has {bytes.Count} bytes; at most {policy.EnvironmentBytes} are allowed.", "environment");
        }

        return [.. bytes];
    }
}
