using System.Globalization;
using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Cli.Rendering;

/// <summary>The GPUs for people: a line for each, or all that is known of each.</summary>
/// <param name="running">The jobs that run, by their numbers.</param>
internal sealed class GpuText(InfoAnswer info, IReadOnlyDictionary<uint, JobView> running)
{
    private const string Unknown = "-";
    private const string Maker = "NVIDIA ";

    private const int Model = 1;
    private const int Utilization = 3;
    private const int Temperature = 4;
    private const int State = 5;
    private const int Holder = 6;

    internal TextTable Table()
    {
        var table = new TextTable(["GPU", "MODEL", "MEMORY", "UTIL", "TEMP", "STATE", "JOB(REASON)"], 2, new HashSet<int> { Holder, Model }, [0, State])
        {
            LeftOutFirst = [Temperature, Utilization, Model],
        };
        foreach (var gpu in info.Gpus.OrderBy(gpu => gpu.Index))
        {
            table.Add(
                JobText.Count(gpu.Index),
                SafeText.Line(ShortModel(gpu.Model)),
                Memory(gpu),
                gpu.Utilization is { } share ? $"{JobText.Count(share)}%" : Unknown,
                gpu.TemperatureC is { } degrees ? $"{JobText.Count(degrees)}C" : Unknown,
                StateOf(gpu),
                SafeText.Line(HolderOf(gpu)));
        }

        return table;
    }

    /// <summary>Everything, a section for each GPU.</summary>
    internal void WriteDetails(TextWriter writer, Palette palette, int? width)
    {
        var page = new DetailsPage(writer, palette, width);
        page.Heading("GPUs");
        page.Field("Driver", info.Driver);
        page.Field("Strategy", info.GpuAllocationStrategy);
        foreach (var gpu in info.Gpus.OrderBy(gpu => gpu.Index))
        {
            page.Section($"GPU {JobText.Count(gpu.Index)}",
            [
                ("Model", gpu.Model),
                ("UUID", gpu.Uuid),
                ("BusID", gpu.BusId),
                ("State", StateOf(gpu).Text),
                ("Jobs", gpu.Jobs is { Count: > 0 } ? Jobs(gpu) : null),
                ("Reason", gpu.Reason),
                ("ReasonText", gpu.ReasonText),
                ("Memory", gpu.MemoryTotalMb is null ? null : Memory(gpu)),
                ("Utilization", gpu.Utilization is { } share ? $"{JobText.Count(share)}%" : null),
                ("Temperature", gpu.TemperatureC is { } degrees ? $"{JobText.Count(degrees)}C" : null),
                ("Power", gpu.PowerW is { } watts ? string.Create(CultureInfo.InvariantCulture, $"{watts:0} W") : null),
                ("ECCErrors", gpu.EccErrors is { } errors ? JobText.Count(errors) : null),
                .. (gpu.Processes ?? []).Select(process => ("Process", (string?)Process(process))),
                ("ReadAt", CommandJson.Text(gpu.ReadAt)),
            ]);
        }
    }

    /// <summary>The maker says nothing where all cards are his.</summary>
    private static string ShortModel(string? model) => model is null ? Unknown : model.StartsWith(Maker, StringComparison.Ordinal) ? model[Maker.Length..] : model;

    private static Cell StateOf(GpuView gpu) => gpu switch
    {
        { OutOfOrder: true } => new Cell("down", StateStyle.Of(JobState.Failed)),
        { Jobs.Count: > 0 } => new Cell("allocated", StateStyle.Of(JobState.Running)),
        { Available: true } => "idle",
        { Reason: "not_read_yet" } => "unread",
        { Restricted: true } => new Cell("restricted", StateStyle.Of(JobState.Finished)),
        _ => new Cell("used", StateStyle.Of(JobState.Hold)),
    };

    private static string Memory(GpuView gpu) => (gpu.MemoryUsedMb, gpu.MemoryTotalMb) switch
    {
        (null, null) => Unknown,
        (null, { } total) => MemoryText.Format(total),
        ({ } used, null) => MemoryText.Format(used),
        ({ } used, { } total) => $"{MemoryText.Format(used)}/{MemoryText.Format(total)}",
    };

    private string HolderOf(GpuView gpu)
    {
        var foreign = (gpu.Processes ?? []).Where(process => process is { Job: null, Ignored: false, Program: not null }).Select(process => $"{process.Program} of {process.User}").Distinct().ToList();
        var reason = gpu.Reason is null ? "" : $"({gpu.Reason}{(foreign.Count > 0 ? $": {string.Join(", ", foreign)}" : "")})";
        return gpu.Jobs is { Count: > 0 } ? $"{Jobs(gpu)} {reason}".TrimEnd()
            : reason.Length > 0 || gpu.Available ? reason
            : "(unknown)";
    }

    private string Jobs(GpuView gpu) =>
        string.Join(", ", gpu.Jobs.Select(id => running.TryGetValue(id, out var job) ? $"{JobText.Count(id)} ({job.RunName})" : JobText.Count(id)));

    private static string Process(GpuProcessView process) => string.Concat(
        JobText.Count(process.Pid),
        process.Program is { } program ? $" {program}" : "",
        process.User is { } user ? $" of {user}" : "",
        process.MemoryMb is { } memory ? $", {MemoryText.Format(memory)}" : "",
        process.Job is { } job ? $", job {JobText.Count(job)}" : "",
        process.Ignored ? ", ignored" : "");
}
