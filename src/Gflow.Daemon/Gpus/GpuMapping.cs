using Gflow.Core.Contracts;
using Gflow.Core.Gpus;
using Gflow.Core.Scheduling;

namespace Gflow.Daemon.Gpus;

/// <summary>The GPUs of a board as the API shows them.</summary>
internal static class GpuMapping
{
    public static IReadOnlyList<GpuView> Views(Board board) => [.. board.Gpus.Slots.Select(gpu => View(board, gpu))];

    /// <summary>The processes that an administrator said are not to be minded.</summary>
    public static List<IgnoredGpuProcess> Ignored(Board board) =>
    [
        .. from gpu in board.Gpus.Slots
           from ignored in board.Gpus.Ignored
           where ignored.Uuid == gpu.Uuid
           let process = board.Gpus.Reading(gpu)?.Processes.FirstOrDefault(process => GpuRules.Is(process, ignored))
           orderby gpu.Index, ignored.Pid
           select new IgnoredGpuProcess(gpu.Index, ignored.Pid, process?.User, process?.Program),
    ];

    /// <summary>What there is to know beside the GPUs themselves.</summary>
    public static IReadOnlyList<string> Notes(Board board)
    {
        List<string> notes = [];
        if (board.Gpus.Trouble is { } trouble)
        {
            notes.Add($"{trouble}.");
        }
        else if (!board.Gpus.AreKnown)
        {
            notes.Add("The GPUs are being looked for.");
        }

        if (board.AllowedGpus is { } allowed && board.Gpus.Slots.Any(gpu => !board.IsAllowed(gpu)))
        {
            notes.Add($"{Those(allowed.Where(index => board.Gpus.Find(index) is not null).ToList())} may be given to jobs ({board.Restrictor}).");
        }

        if (board.Gpus.Restriction is null && board.Gpus.AreKnown && UnknownAllowed(board) is { Count: > 0 } unknown)
        {
            notes.Add($"[daemon] gpus names GPU {string.Join(", ", unknown)}, which this machine does not have.");
        }

        return notes;
    }

    /// <summary>Indices that the configuration names and that no GPU has.</summary>
    public static List<int> UnknownAllowed(Board board) => [.. (board.Limits.AllowedGpus ?? new HashSet<int>()).Where(index => board.Gpus.Find(index) is null).Order()];

    private static string Those(List<int> indices) => indices.Count switch
    {
        0 => "No GPU",
        1 => $"Only GPU {indices[0]}",
        _ => $"Only GPUs {string.Join(", ", indices)}",
    };

    private static GpuView View(Board board, GpuSlot gpu)
    {
        var reading = board.Gpus.Reading(gpu);
        var hindrance = board.Hindrance(gpu);
        return new GpuView(
            gpu.Uuid, gpu.Index, board.IsFree(gpu), hindrance?.Reason ?? ManualIgnore(board, gpu, reading), board.Jobs.Occupied.TryGetValue(gpu.Index, out var job) ? [job.Value] : [])
        {
            ReasonText = hindrance is null ? null : $"It {hindrance.Text}",
            OutOfOrder = reading?.Fault is not null,
            Restricted = !board.IsAllowed(gpu),
            Model = gpu.Card.Model.Length > 0 ? gpu.Card.Model : null,
            BusId = gpu.Card.BusId.Length > 0 ? gpu.Card.BusId : null,
            MemoryTotalMb = gpu.Card.MemoryMb > 0 ? gpu.Card.MemoryMb : null,
            MemoryUsedMb = reading?.MemoryUsedMb,
            Utilization = reading?.Utilization,
            TemperatureC = reading?.Temperature,
            PowerW = reading?.Power,
            EccErrors = reading?.EccErrors,
            Processes = reading is { Processes.Length: > 0 } ? [.. reading.Processes.OrderBy(process => process.Pid).Select(process => View(board, gpu, process))] : null,
            ReadAt = reading is { IsLast: false } ? WireInstant.From(reading.At) : null,
        };
    }

    private static GpuProcessView View(Board board, GpuSlot gpu, GpuProcess process) =>
        new(process.Pid, process.User, process.Program, process.MemoryMb, process.Job?.Value, board.IsIgnored(gpu, process));

    /// <summary>Said of a GPU that could be given because of it.</summary>
    private static string? ManualIgnore(Board board, GpuSlot gpu, GpuReading? reading)
    {
        var pids = (reading?.Processes ?? []).Where(process => process.Job is null && board.IsIgnored(gpu, process)).Select(process => process.Pid).Order().ToList();
        return pids.Count > 0 ? $"manual_ignore(gpu={gpu.Index},pid={string.Join(',', pids)})" : null;
    }
}
