using Gflow.Cli.Rendering;
using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Cli.Ginfo;

/// <summary><c>ginfo</c>: GPUs and who uses them.</summary>
internal static class GinfoCommand
{
    private const string NoGpus = """
        No GPUs.
        Jobs without --gpus run all the same. To try jobs with GPUs,
        pretend some in the configuration, and: gflowd restart

            [daemon]
            simulated_gpus = 4
        """;

    internal static CommandSpec Make() => new()
    {
        Name = "ginfo",
        Summary = "Show the GPUs and who uses them",
        Options = [new("--verbose", ["-v"], null, "Show all that is known of each GPU")],
        NotAvailable = [new("leave it out: this command writes no log", "--quiet", "-q")],
        Examples =
        [
            new("ginfo", "A line for each GPU: model, memory, who has it"),
            new("ginfo -v", "UUID, place on the bus, power, processes as well"),
            new("ginfo --json", "The same for programs"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var info = Invocation.Need(await invocation.Client.InfoAsync(cancel));
        if (invocation.Json)
        {
            invocation.WriteJson(info, CommandJson.Default.InfoAnswer);
            return ExitCodes.Done;
        }

        if (info.Shared)
        {
            invocation.Out.WriteLine("Shared daemon of this machine");
        }

        if (info.Gpus.Count == 0)
        {
            invocation.Out.WriteLine(NoGpus);
        }
        else
        {
            await ShowAsync(invocation, info, cancel);
        }

        foreach (var note in info.Notes ?? [])
        {
            invocation.Tell($"\n{note}");
        }

        return ExitCodes.Done;
    }

    private static async Task ShowAsync(Invocation invocation, InfoAnswer info, CancellationToken cancel)
    {
        List<JobView> running = info.Gpus.Any(gpu => gpu.Jobs is { Count: > 0 })
            ? Invocation.Need(await invocation.Client.ListAsync(new() { States = [JobState.Running] }, cancel))
            : [];
        var text = new GpuText(info, running.ToDictionary(job => job.Id));
        if (invocation.Has("--verbose"))
        {
            text.WriteDetails(invocation.Out, invocation.Palette, invocation.Context.Width);
        }
        else
        {
            text.Table().Write(invocation);
        }
    }
}
