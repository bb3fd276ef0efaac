using Gflow.Client.Platform;

namespace Gflow.Daemon.Execution;

/// <summary>A process of the machine, and the job that it belongs to.</summary>
/// <param name="StartTime">Clock ticks from the boot to its start: with the pid its identity until the next boot.</param>
/// <param name="Uid">Of its user.</param>
/// <param name="Name">Of its program, as the kernel cuts it.</param>
/// <param name="Program">The file it executes; null when nobody may know.</param>
/// <param name="JobId">Null for no job.</param>
internal sealed record ProcessOwner(int Pid, long StartTime, uint Uid, string Name, FileIdentity? Program, uint? JobId);
