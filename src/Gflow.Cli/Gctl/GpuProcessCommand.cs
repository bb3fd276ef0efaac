using System.Globalization;
using Gflow.Client;
using Gflow.Client.CommandLine;
using Gflow.Core.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Cli.Gctl;

/// <summary><c>gctl gpu-process</c>: processes that are not to keep a GPU from jobs.</summary>
internal static class GpuProcessCommand
{
    private static readonly IReadOnlyList<OptionSpec> Named =
    [
        new("--gpu", [], "INDEX", "The GPU, by its index"),
        new("--pid", [], "PID", "The process"),
    ];

    internal static CommandSpec Make() => new()
    {
        Name = "gpu-process",
        Summary = "Let processes compute on a GPU without keeping it from jobs",
        Notes = ["A process that belongs to no job keeps its GPU from jobs: ginfo shows it as unmanaged. One that is ignored does not, as long as it lives. Programs that are always to be ignored are named by [daemon] gpu_ignore."],
        Subcommands =
        [
            new()
            {
                Name = "ignore",
                Summary = "Ignore a process on a GPU until it ends",
                Options = Named,
                Notes = ["Jobs will share the GPU with it, and its memory: make sure that it needs little."],
                Examples = [new("gctl gpu-process ignore --gpu 0 --pid 4411", "One process on one GPU")],
                Run = (invocation, cancel) => ChangeAsync(
                    invocation, invocation.Client.IgnoreGpuProcessAsync, (gpu, pid) => string.Create(CultureInfo.InvariantCulture, $"Ignoring GPU process PID {pid} on GPU {gpu}"), isRisky: true, cancel),
            },
            new()
            {
                Name = "unignore",
                Summary = "Mind a process on a GPU again",
                Options = Named,
                Examples = [new("gctl gpu-process unignore --gpu 0 --pid 4411", "One process on one GPU")],
                Run = (invocation, cancel) => ChangeAsync(
                    invocation, invocation.Client.MindGpuProcessAsync, (gpu, pid) => string.Create(CultureInfo.InvariantCulture, $"Removed GPU process ignore override for PID {pid} on GPU {gpu}"), isRisky: false, cancel),
            },
            new()
            {
                Name = "list",
                Summary = "List the processes that are ignored",
                Examples = [new("gctl gpu-process list", "A line for each")],
                Run = ListAsync,
            },
        ],
        Examples =
        [
            new("gctl gpu-process ignore --gpu 0 --pid 4411", "A desktop's process, say"),
            new("gctl gpu-process list", "See what is ignored"),
        ],
    };

    private static async Task<int> ChangeAsync(
        Invocation invocation,
        Func<GpuProcessName, CancellationToken, Task<ClientResult<GpuProcessAnswer>>> change,
        Func<int, int, string> said,
        bool isRisky,
        CancellationToken cancel)
    {
        var gpu = invocation.Number("--gpu", "the index of a GPU", least: 0) ?? throw Invocation.Wrong("--gpu is missing: the index of the GPU, such as --gpu 0");
        var pid = invocation.Number("--pid", "the number of a process") ?? throw Invocation.Wrong("--pid is missing: the number of the process, such as --pid 4411");
        var answer = Invocation.Need(await change(new GpuProcessName(gpu, pid), cancel));
        if (isRisky)
        {
            invocation.Complain($"warning: jobs are given GPU {gpu} while process {pid} computes on it, and share its memory; this ends with the process");
        }

        return invocation.Answer(answer, CommandJson.Default.GpuProcessAnswer, text => text.WriteLine(said(answer.GpuIndex, answer.Pid)));
    }

    private static async Task<int> ListAsync(Invocation invocation, CancellationToken cancel)
    {
        var ignored = Invocation.Need(await invocation.Client.IgnoredGpuProcessesAsync(cancel));
        return invocation.AnswerList("gpu_processes", ignored, CommandJson.Default.ListIgnoredGpuProcess, "No ignored GPU processes", () =>
        {
            foreach (var process in ignored)
            {
                invocation.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"gpu={process.GpuIndex}\tpid={process.Pid}{(process.Program is { } program ? $"\t{SafeText.Line(program)} of {SafeText.Line(process.User ?? "?")}" : "")}"));
            }
        });
    }
}
