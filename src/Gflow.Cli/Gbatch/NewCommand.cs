using System.Text;
using System.Text.Json.Nodes;
using Gflow.Core;
using Gflow.Core.Submission;
using Gflow.Core.Text;

namespace Gflow.Cli.Gbatch;

/// <summary><c>gbatch new</c>: writes a script to begin with.</summary>
internal static class NewCommand
{
    private static readonly (string Name, string Sample)[] Samples =
    [
        ("--gpus", "1"), ("--priority", "50"), ("--time", "2:00:00"), ("--name", "my-job"), ("--depends-on", "@"), ("--notify-email", "you@example.org"),
    ];

    internal static CommandSpec Make() => new()
    {
        Name = "new",
        Summary = "Write a script to begin with",
        Words = new("NAME", 1, 1, "The file to write, in the current directory; .sh is added when it is missing"),
        Examples = [new("gbatch new train", "Write train.sh")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var word = invocation.Words[0];
        var name = word.EndsWith(".sh", StringComparison.Ordinal) ? word : $"{word}.sh";
        var path = invocation.Context.ToOpen(name);
        try
        {
            var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = (UnixFileMode)0b111_101_101,
            });
            await using (file)
            {
                await file.WriteAsync(Encoding.UTF8.GetBytes(Template()), cancel);
            }
        }
        catch (IOException) when (File.Exists(path))
        {
            throw Invocation.No($"{name} exists already; choose another name", ProblemCode.Exists);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Invocation.No($"{path} cannot be written; check its directory", ProblemCode.Unwritable);
        }

        return invocation.Answer(
            () => invocation.WriteJson(new JsonObject { ["path"] = Path.GetFullPath(Path.Combine(invocation.Context.WorkingDirectory, name)) }),
            text => text.WriteLine($"Wrote {SafeText.Line(name)}; submit it with: gbatch {SafeText.Line(name)}"));
    }

    private static string Template()
    {
        var text = new StringBuilder("#!/bin/bash\n#\n# Options of the job. Take one # away to switch a line on.\n#\n");
        foreach (var (name, sample) in Samples)
        {
            text.Append("# ").Append(SubmissionOptionTable.Find(name)!.Help).Append('\n');
            text.Append("## GFLOW ").Append(name).Append('=').Append(sample).Append('\n');
        }

        return text.Append("\nset -euo pipefail\n\necho \"Job $GFLOW_JOB_ID runs on $(hostname), GPUs: ${GFLOW_JOB_GPUS:-none}\"\n").ToString();
    }
}
