using Gflow.Core.Contracts;
using Gflow.Core.Scheduling;

namespace Gflow.Daemon.Engine;

/// <summary>What the engine takes from the configuration and the machine.</summary>
internal sealed record EngineSettings
{
    public required JobPolicy Policy { get; init; }

    /// <summary>What the machine's owner allows.</summary>
    public Limits Limits { get; init; } = new();

    public required SchedulerFacts Scheduler { get; init; }

    public required EffectSettings Effects { get; init; }

    public required RetentionTerms Retention { get; init; }

    /// <summary>The most that stored notifications may occupy.</summary>
    public required long OutboxMaxBytes { get; init; }

    /// <summary>What must stay free on the disks of database and logs.</summary>
    public required long MinFreeBytes { get; init; }
}
