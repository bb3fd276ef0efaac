using Gflow.Client.Platform;
using Gflow.Core;
using Gflow.Core.Arrays;
using Gflow.Core.Contracts;
using Gflow.Core.Submission;
using Gflow.Core.Text;

namespace Gflow.Client.Submitting;

/// <summary>Makes submissions of what people write, with what a job takes along from whoever submits it.</summary>
/// <param name="directory">Absolute: where the job is to run.</param>
/// <param name="environment">What it is to find in its environment.</param>
/// <param name="settings">Null for the daemon's own.</param>
/// <param name="note">Told what people should know although nothing is refused.</param>
public sealed class Submitter(string directory, IReadOnlyDictionary<string, string> environment, ProcessSettings? settings, Action<string> note)
{
    /// <summary>What the daemon sets for every job; a job submitted from within a job must not bring its parent's.</summary>
    private static readonly string[] JobVariables =
        ["GFLOW_JOB_ID", "GFLOW_JOB_NAME", "GFLOW_JOB_GPUS", "GFLOW_JOB_LOG", "GFLOW_JOB_PROJECT", "GFLOW_JOB_ATTEMPT", "GFLOW_SCRIPT"];

    private static readonly string[] TaskVariables = ["GFLOW_ARRAY_", Placeholders.EnvironmentPrefix];

    /// <summary>In bytes: as much as a request has room for, beside all else.</summary>
    private const long LargestParamFile = 4 * 1024 * 1024;

    /// <summary>What a script asks for in its directives, with <paramref name="flags"/> laid over it.</summary>
    public Result<SubmissionWish> Wish(JobSource source, SubmissionWish flags)
    {
        if (source.ScriptText is not { } text)
        {
            return flags;
        }

        foreach (var line in ScriptDirectives.Unheeded(text, source.FileName))
        {
            note(line);
        }

        var directives = ScriptDirectives.Read(text, source.FileName);
        return directives.Ok ? directives.Value.Under(flags) : directives;
    }

    /// <summary>What the wish's file of parameters holds, laid into it.</summary>
    public Result<SubmissionWish> WithRows(SubmissionWish wish)
    {
        if (wish.ParamFile is not { } path)
        {
            return wish;
        }

        try
        {
            var file = new FileInfo(WorkingDirectory.Under(directory, path));
            return file.Length > LargestParamFile
                ? new Problem(ProblemCode.Invalid, $"{path} is larger than {LargestParamFile / 1024 / 1024} MiB, too large for a file of parameters")
                : CsvText.Parse(File.ReadAllText(file.FullName)).Map(table => wish with { Draft = wish.Draft with { SweepRows = new WireRows(table.Columns, table.Rows) } });
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            var why = error switch { UnauthorizedAccessException => "permission denied", FileNotFoundException or DirectoryNotFoundException => "there is no such file", _ => error.Message };
            return new Problem(ProblemCode.Invalid, $"--param-file: {path} cannot be read: {why}");
        }
    }

    /// <summary>The whole submission.</summary>
    /// <param name="on">What the wish's dependencies name.</param>
    public SubmissionDraft Draft(JobSource source, SubmissionWish wish, ResolvedDependencies on)
    {
        var variables = environment.Where(variable => !JobVariables.Contains(variable.Key) && !TaskVariables.Any(prefix => variable.Key.StartsWith(prefix, StringComparison.Ordinal))).ToDictionary();
        foreach (var name in variables.Keys.Where(name => !ByteText.IsUtf8(name)).ToList())
        {
            // JSON can name no such variable, and no shell can.
            note($"the variable \"{name}\" is left out, as its name is not UTF-8 text");
            variables.Remove(name);
        }

        return wish.Draft.Under(source.Draft with
        {
            Umask = settings?.Umask,
            Limits = settings?.Limits,
            RunDir = directory,
            Environment = variables,
            DependsOnIds = on.Jobs,
            DependsOnGroups = on.Groups,
            DependencyMode = wish.Dependencies?.Mode,
        });
    }
}
