using Gflow.Core.Gpus;
using Gflow.Core.Text;

namespace Gflow.Core.Scheduling;

/// <summary>All that decides what is started, at one instant. Immutable: whoever holds one sees that instant.</summary>
public sealed record Board(JobBoard Jobs, GpuBoard Gpus, ReservationBook Reservations, Limits Limits)
{
    public static Board Empty { get; } = new(JobBoard.Empty(default), GpuBoard.Empty, ReservationBook.Empty, new Limits());

    /// <summary>The indices of those GPUs that may be given to jobs; null for all.</summary>
    public IReadOnlyList<int>? AllowedGpus => Gpus.Restriction is { } said
        ? said.Uuids is { } uuids ? [.. Gpus.Slots.Where(gpu => uuids.Contains(gpu.Uuid)).Select(gpu => gpu.Index)] : null
        : Limits.AllowedGpus is { } configured ? [.. configured.Order()] : null;

    /// <summary>Whether an administrator lets jobs have the GPU.</summary>
    public bool IsAllowed(GpuSlot gpu) => Gpus.Restriction is { } said ? said.Uuids?.Contains(gpu.Uuid) != false : Limits.AllowedGpus?.Contains(gpu.Index) != false;

    /// <summary>Why a GPU may be given to no job; null when it may, as soon as the job that has it is gone.</summary>
    public GpuHindrance? Hindrance(GpuSlot gpu)
    {
        var reading = Gpus.Reading(gpu);
        return UnknownJob(gpu, reading)
            ?? (reading is null ? new GpuHindrance("not_read_yet", "was not looked at yet") : null)
            ?? (reading!.Fault is { } fault ? new GpuHindrance(fault.Reason, fault.Text) : null)
            ?? Others(gpu, reading)
            ?? (IsAllowed(gpu) ? null : new GpuHindrance($"not_allowed({Restrictor})", $"is not given to jobs ({Restrictor})"));
    }

    /// <summary>Whether a job can be given the GPU now.</summary>
    public bool IsFree(GpuSlot gpu) => !Jobs.Occupied.ContainsKey(gpu.Index) && Hindrance(gpu) is null;

    /// <summary>Whether a process on the GPU is not minded.</summary>
    public bool IsIgnored(GpuSlot gpu, GpuProcess process) =>
        process.IsHarmless || (Gpus.Ignored.Count > 0 && Gpus.Ignored.Contains(new IgnoredProcess(gpu.Uuid, process.Pid, process.StartTime)));

    /// <summary>Who keeps GPUs from jobs.</summary>
    public string Restrictor => Gpus.Restriction is null ? "daemon.gpus" : "gctl set-gpus";

    private GpuHindrance? UnknownJob(GpuSlot gpu, GpuReading? reading)
    {
        foreach (var run in Gpus.Unknown)
        {
            if (run.Gpus.Contains(gpu.Index) || reading?.Processes.Any(process => process.Job == run.Job) == true)
            {
                return new GpuHindrance($"unknown_job({run.Job})", $"is used by job {run.Job}, which runs and is not in the database");
            }
        }

        return null;
    }

    /// <summary>Who computes on it without having been given it.</summary>
    private GpuHindrance? Others(GpuSlot gpu, GpuReading reading)
    {
        // A job that is over has left nothing behind, whatever an earlier reading saw.
        var strays = reading.Processes.Where(process => process.Job is { } job && Jobs.Live.TryGetValue(job, out var live) && live.Status.AssignedGpus?.Contains(gpu.Index) != true).ToList();
        if (strays is [{ Job: { } stray }, ..])
        {
            var pids = strays.Where(process => process.Job == stray).Select(process => process.Pid).Order();
            return new GpuHindrance($"job_without_it(job={stray},pid={string.Join(',', pids)})", $"is used by job {stray} without having been given to it (process {string.Join(", ", pids)})");
        }

        var foreign = reading.Processes.Where(process => process.Job is null && !IsIgnored(gpu, process)).OrderBy(process => process.Pid).ToList();
        if (foreign.Count > 0)
        {
            return new GpuHindrance(
                $"unmanaged(pid={string.Join(',', foreign.Select(process => process.Pid))})",
                $"is used by {string.Join(", ", foreign.Take(3).Select(Words))}{(foreign.Count > 3 ? $" and {foreign.Count - 3} more" : "")}");
        }

        return Limits.GpuMemoryFloorMb > 0 && reading.OthersMemoryMb > Limits.GpuMemoryFloorMb && !Jobs.Occupied.ContainsKey(gpu.Index)
            ? new GpuHindrance($"unmanaged(memory={reading.OthersMemoryMb}M)", $"has {MemoryText.Format(reading.OthersMemoryMb.Value)} of its memory in use by processes that cannot be seen, in a container perhaps")
            : null;
    }

    private static string Words(GpuProcess process) => $"process {process.Pid}{(process.Program is { } program ? $" ({program} of {process.User})" : "")}";
}

/// <summary>Why a GPU may be given to no job.</summary>
/// <param name="Reason">In the words of the API.</param>
/// <param name="Text">As a sentence without its subject and full stop.</param>
public sealed record GpuHindrance(string Reason, string Text);

/// <summary>What the machine's owner allows, and what is possible now.</summary>
public sealed record Limits
{
    /// <summary>The indices of those GPUs that the configuration lets jobs have; null for all.</summary>
    public IReadOnlySet<int>? AllowedGpus { get; init; }

    /// <summary>The same as a text, to see whether it was changed.</summary>
    public string Configured => AllowedGpus is null ? "all" : string.Join(',', AllowedGpus.Order());

    /// <summary>Indices of GPUs, those first that are to be given first; others come after them.</summary>
    public IReadOnlyList<int> GpuOrder { get; init; } = [];

    /// <summary>Whether it is left to chance which of equal GPUs is given.</summary>
    public bool AtRandom { get; init; }

    /// <summary>A card that nobody is seen on has been taken by others when they have filled more of its memory than this, in MiB; 0 to look at no memory.</summary>
    public long GpuMemoryFloorMb { get; init; }

    /// <summary>How often the cards are looked at.</summary>
    public TimeSpan GpuPoll { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Why no job is started now, whatever is free: a sentence without a full stop. Null when jobs are started.</summary>
    public string? NoStarts { get; init; }
}
