using Gflow.Cli.Rendering;
using Gflow.Core.Text;

namespace Gflow.Cli.Gjob;

/// <summary><c>gjob script</c>: what a job runs, byte for byte.</summary>
internal static class ScriptCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "script",
        Summary = "Print what a job runs",
        Words = GjobCommand.Job,
        Notes =
        [
            "The script as it was submitted, byte for byte, whatever has become of its file; of a command, the shell text. On a terminal, control characters are made visible.",
        ],
        Examples =
        [
            new("gjob script 42", "What job 42 runs"),
            new("gjob script 42 | diff - train.sh", "What has changed in the file since"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var id = await invocation.JobAsync(invocation.Words[0], cancel);
        var program = Invocation.Need(await invocation.Client.ProgramAsync(id, cancel));
        if (invocation.Json)
        {
            invocation.WriteJson(JobJson.Of(program));
            return ExitCodes.Done;
        }

        var bytes = program.Command is { } command ? ByteText.Bytes($"{command}\n") : program.Content ?? [];
        await invocation.Out.FlushAsync(cancel);
        await using var visible = invocation.Context.OutIsTerminal ? new VisibleStream(invocation.Context.OutBytes) : null;
        await (visible ?? invocation.Context.OutBytes).WriteAsync(bytes, cancel);
        return ExitCodes.Done;
    }
}
