using Gflow.Client.Platform;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Submission;

namespace Gflow.Daemon.Jobs;

/// <summary>Reads the script of submissions that name one without bringing its bytes; older clients do so.</summary>
internal static class SubmittedScript
{
    public static Result<SubmissionDraft> Load(SubmissionDraft draft)
    {
        if (draft.Script is not { Length: > 0 } path || draft.ScriptContent is not null || draft.Command is not null)
        {
            return draft;
        }

        if (Math.Max(path.Length, draft.RunDir?.Length ?? 0) > SubmissionRules.MaxPathBytes)
        {
            // The rules say so; asking the system first would cost several copies of it.
            return draft;
        }

        try
        {
            var file = new FileInfo(Path.GetFullPath(path, draft.RunDir is { Length: > 0 } directory && Path.IsPathRooted(directory) ? directory : "/"));
            if (FileStatus.Of(file.FullName, follow: true) is { IsRegular: false })
            {
                // A pipe or a device might never come to its end.
                return Refused($"The script {path} is no regular file.");
            }

            if (file.Exists && file.Length > SubmissionRules.MaxScriptBytes)
            {
                return Refused($"The script {path} has {file.Length} bytes; at most {SubmissionRules.MaxScriptBytes} are allowed.");
            }

            return draft with { Script = file.FullName, ScriptContent = File.ReadAllBytes(file.FullName) };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Refused($"The script {path} cannot be read: {error.Message}");
        }
    }

    private static Problem Refused(string message) => new(ProblemCode.Invalid, message, "script");
}
