using Gflow.Cli.Rendering;
using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Cli.Ginfo;

/// <summary><c>ginfo</c>: GPUs and who uses them.</summary>
internal static class GinfoCommand
{
    private const string NoGpus = """
        No GPUs: this version does not look for real ones yet.
        Jobs without --gpus run all the same. To try jobs with GPUs,
        pretend some in the configuration, and: gflowd restart

            [daemon]
            simulated_gpus = 4
        """;

    internal static CommandSpec Make() => new()
    {
        Name = "ginfo",
        Summary = "Show the GPUs and who uses them",
        NotAvailable = [CommandTable.Verbosity],
        Examples =
        [
            new("ginfo", "Idle GPUs, and the job or the reason on each other one"),
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
            return ExitCodes.Done;
        }

        var running = info.Gpus.Any(gpu => gpu.Jobs is { Count: > 0 })
            ? Invocation.Need(await invocation.Client.ListAsync(new() { States = [JobState.Running] }, cancel))
            : [];
        Table(info, running.ToDictionary(job => job.Id)).Write(invocation);
        return ExitCodes.Done;
    }

    private static TextTable Table(InfoAnswer info, Dictionary<uint, JobView> running)
    {
        var table = new TextTable(["PARTITION", "GPUS", "NODES", "STATE", "JOB(REASON)"], 2, new HashSet<int> { 4 });
        var idle = info.Gpus.Where(gpu => gpu.Available && gpu.Jobs is null or { Count: 0 }).Select(gpu => gpu.Index).Order().ToList();
        if (idle.Count > 0)
        {
            table.Add("gpu", JobText.Count(idle.Count), string.Join(',', idle), "idle", "");
        }

        // One row for each holder, in the order of its first GPU.
        foreach (var holder in info.Gpus.Where(gpu => !idle.Contains(gpu.Index)).OrderBy(gpu => gpu.Index).GroupBy(gpu => Holder(gpu, running)))
        {
            var indices = holder.Select(gpu => gpu.Index).ToList();
            table.Add("gpu", JobText.Count(indices.Count), string.Join(',', indices), new Cell("allocated", StateStyle.Of(JobState.Running)), SafeText.Line(holder.Key));
        }

        return table;
    }

    private static string Holder(GpuView gpu, Dictionary<uint, JobView> running) => gpu.Jobs is { Count: > 0 } jobs
        ? string.Join(", ", jobs.Select(id => running.TryGetValue(id, out var job) ? $"{id} ({job.RunName})" : JobText.Count(id)))
        : $"({gpu.Reason ?? "unknown"})";
}
