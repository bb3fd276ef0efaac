using Gflow.Core.Gpus;

namespace Gflow.Core.Notifications;

/// <summary>A fact about the machine or the daemon, not about anybody's job.</summary>
/// <param name="Gpu">The GPU it is about.</param>
public sealed record MachineEvent(EventType Type, DateTimeOffset At, GpuSlot? Gpu = null);
