using Gflow.Core.Submission;

namespace Gflow.Daemon.Http;

/// <summary><c>[limits]</c>: what one user may take of the daemon. Null where nothing is set; 0 for no limit.</summary>
internal sealed record LimitOptions
{
    /// <summary>Connections open at once.</summary>
    public int? Connections { get; init; }

    public int? RequestsPerSecond { get; init; }

    /// <summary>Requests that are worked on at the same time.</summary>
    public int? RequestsAtOnce { get; init; }

    /// <summary>Of a submission, in MiB.</summary>
    public long BodyMb { get; init; } = 16;

    /// <summary>Of a job, in KiB.</summary>
    public long EnvironmentKb { get; init; } = SubmissionRules.MaxEnvironmentBytes >> 10;
}
