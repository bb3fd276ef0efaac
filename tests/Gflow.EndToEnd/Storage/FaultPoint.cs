using System.Globalization;

namespace Gflow.EndToEnd.Storage;

/// <summary>What becomes of a system call.</summary>
public enum DiskFault
{
    /// <summary>The daemon is killed in it.</summary>
    Kill,

    /// <summary>It fails as on a broken disk.</summary>
    Eio,

    /// <summary>It fails as on a full disk.</summary>
    Enospc,
}

public enum DiskCall
{
    Sync,
    Write,
}

/// <summary>From when to when a daemon's calls are counted.</summary>
public enum Moment
{
    /// <summary>The start that makes the database.</summary>
    FirstStart,

    /// <summary>A start after an orderly stop, with the end of a job to be heard of.</summary>
    StartAfterStop,

    /// <summary>A start after a kill: the log is moved into the database before anything else.</summary>
    StartAfterKill,

    /// <summary>Serving, up to the orderly stop.</summary>
    Work,
}

/// <summary>One place for a fault: the how manieth call of a thread.</summary>
internal sealed record FaultPoint(DiskFault Fault, DiskCall Call, Moment Moment, int Number)
{
    /// <summary>As strace has it.</summary>
    public string Calls => Call == DiskCall.Sync ? "fsync,fdatasync" : "pwrite64";

    /// <summary>As strace has it.</summary>
    public string Tampering => string.Create(
        CultureInfo.InvariantCulture, $"{(Fault == DiskFault.Kill ? "signal=KILL" : $"error={Fault.ToString().ToUpperInvariant()}")}:when={Number}");
}
