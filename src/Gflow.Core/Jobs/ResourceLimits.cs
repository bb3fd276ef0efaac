using System.Collections.Frozen;

namespace Gflow.Core.Jobs;

/// <summary>The resources whose soft limits a job brings along, as limits.conf(5) calls them: all but that of real-time computing, which marks the processes of a job.</summary>
public static class ResourceLimits
{
    /// <summary>The kernel's number of each name (getrlimit(2); the same on all architectures that gflow runs on).</summary>
    public static readonly FrozenDictionary<string, int> Numbers = new Dictionary<string, int>
    {
        ["cpu"] = 0,
        ["fsize"] = 1,
        ["data"] = 2,
        ["stack"] = 3,
        ["core"] = 4,
        ["rss"] = 5,
        ["nproc"] = 6,
        ["nofile"] = 7,
        ["memlock"] = 8,
        ["as"] = 9,
        ["locks"] = 10,
        ["sigpending"] = 11,
        ["msgqueue"] = 12,
        ["nice"] = 13,
        ["rtprio"] = 14,
    }.ToFrozenDictionary(StringComparer.Ordinal);
}
