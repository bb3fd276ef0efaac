namespace Gflow.Launcher;

/// <summary>
/// What daemon and launcher say to each other. Every message is a frame: its length in bytes (u32), its kind (one byte)
/// and its fields. Numbers are little-endian; a text is its length in bytes (u32), UTF-8 without a NUL, and one NUL, so
/// that it can be handed to the kernel where it lies.
/// </summary>
/// <remarks>This file is compiled into the daemon as well: it is the one thing both must agree on.</remarks>
internal static class Protocol
{
    /// <summary>Raised with every change of a message that the other side could misread.</summary>
    internal const uint Version = 1;

    /// <summary>The most bytes a frame may have after its length. Environments are the large part.</summary>
    internal const int MaxFrameBytes = 4 * 1024 * 1024;
}

/// <summary>Messages of the daemon. All but <see cref="Hello"/> begin with a u32 that their reply repeats.</summary>
internal enum RequestKind : byte
{
    /// <summary>protocol u32, epoch i64. Must come first.</summary>
    Hello = 1,

    /// <summary>job u32, attempt i32, uid u32, flags u8 (<see cref="StartFlags"/>), log limit i64, umask u32, count u32 and soft limits, each resource u8 (number of getrlimit(2)) and value i64 (-1 for none), program, directory, log path, count u32 and arguments, count u32 and environment; with <see cref="StartFlags.Original"/> the arguments run the original, and then follow its path, the copy's and that of a copy beside the original, how many of the arguments are others for a copy u32, count u32 and those for the copy, count u32 and those for the copy beside the original, and a variable for copies alone, or an empty text.</summary>
    Start,

    /// <summary>job u32, attempt i32, signal i32.</summary>
    Signal,

    /// <summary>job u32, attempt i32: the end is stored, its record may go.</summary>
    Acknowledge,

    /// <summary>The daemon stops: exit at once unless there is a job or an end not yet acknowledged.</summary>
    Bye,

    /// <summary>program: become this program in place, keeping the process and its children.</summary>
    Upgrade,

    /// <summary>count u32 and process ids, each i64: who are they, and whose?</summary>
    Whose,
}

/// <summary>Messages of the launcher.</summary>
internal enum ReplyKind : byte
{
    /// <summary>protocol u32, pid i32, version text. Then one <see cref="Job"/> for each job, then <see cref="Ready"/>.</summary>
    Welcome = 1,

    /// <summary>code u8 (<see cref="RefusalCode"/>), reason text. The connection is closed.</summary>
    Refused,

    /// <summary>job u32, attempt i32, pid i32, started at i64 (Unix ms), ended u8.</summary>
    Job,

    /// <summary>The list of jobs is complete. The ends among them follow as <see cref="Exited"/>.</summary>
    Ready,

    /// <summary>request u32, pid i32, started at i64 (Unix ms).</summary>
    Started,

    /// <summary>request u32, reason text.</summary>
    NotStarted,

    /// <summary>request u32, objection text; empty when it was done.</summary>
    Done,

    /// <summary>job u32, attempt i32, flags u8 (<see cref="EndFlags"/>), exit code or signal i32, ended at i64 (Unix ms), user and system CPU time i64 (ms), largest resident size i64 (KiB), remaining processes i32.</summary>
    Exited,

    /// <summary>job u32, attempt i32.</summary>
    Gone,

    /// <summary>pid i32, start i64 (clock ticks since boot), name text: a process that came from a job, nobody can tell from which.</summary>
    Stranger,

    /// <summary>request u32, count u32, and for each process that was asked for and lives: pid i32, start i64 (clock ticks since boot), real uid u32, name text, its program's device i64 (major and minor number, u32 each) and inode i64 (both 0 when they cannot be read), job u32 (0 for none), attempt i32.</summary>
    Owners,
}

/// <summary>Options of a start.</summary>
[Flags]
internal enum StartFlags : byte
{
    None = 0,

    /// <summary>Continue an existing log instead of emptying it.</summary>
    AppendLog = 1,

    /// <summary>The daemon has written the job's script where its owner is to read it.</summary>
    Script = 2,

    /// <summary>The script runs from where it was submitted if it is still there as it was, and from its copy otherwise.</summary>
    Original = 4,
}

/// <summary>How a main process ended. Neither <see cref="Code"/> nor <see cref="Signal"/>: nobody could learn it.</summary>
[Flags]
internal enum EndFlags : byte
{
    None = 0,

    /// <summary>By itself, with an exit code.</summary>
    Code = 1,

    /// <summary>By a signal.</summary>
    Signal = 2,

    /// <summary>The machine was restarted.</summary>
    Restarted = 4,
}

/// <summary>Why a connection is refused.</summary>
internal enum RefusalCode : byte
{
    /// <summary>The launcher does not speak the protocol version.</summary>
    Protocol = 1,

    /// <summary>A daemon with a higher epoch has been here.</summary>
    Epoch,

    /// <summary>The peer runs as a user who may not give orders.</summary>
    User,
}
