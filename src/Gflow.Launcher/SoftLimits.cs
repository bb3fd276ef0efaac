using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>The soft limits that a job was submitted with (getrlimit(2)), each in the unit of its resource.</summary>
internal unsafe struct SoftLimits
{
    internal const int Resources = 16;

    // As limits.conf(5) calls them, by the kernel's numbers.
    private static readonly string[] Names =
        ["cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks", "sigpending", "msgqueue", "nice", "rtprio"];

    private fixed ulong _soft[Resources];
    private uint _given;

    /// <summary>Takes one in; false when there is no such resource, or it is the one that marks are made of.</summary>
    internal bool Add(byte resource, long value)
    {
        if (resource >= Names.Length)
        {
            return false;
        }

        _soft[resource] = value < 0 ? ulong.MaxValue : (ulong)value;
        _given |= 1u << resource;
        return true;
    }

    /// <summary>What a job gets: what was asked for as far as the hard limit allows, else what this process has.</summary>
    internal readonly Native.Limit For(int resource)
    {
        Native.Limit limit;
        _ = Native.getrlimit(resource, &limit);
        // The .NET runtime raises the soft limit on descriptors to the hard one, which in containers may be a milliard;
        // programs that use select() or walk over all possible descriptors must not inherit that.
        var usual = resource == Native.RLIMIT_NOFILE ? Math.Min(1024, limit.Soft) : limit.Soft;
        return limit with { Soft = Math.Min((_given & (1u << resource)) == 0 ? usual : _soft[resource], limit.Hard) };
    }

    /// <summary>Says in the job's log which are lower than was asked for.</summary>
    internal readonly void TellLowered(int logFd)
    {
        if (Lowered() is { Length: > 0 } lowered)
        {
            _ = SelfProcess.Print(logFd, $"[gflow: limits are lowered to the launcher's hard ones: {lowered}]", 0);
        }
    }

    /// <summary>Those that are lower, in words; empty when none is.</summary>
    private readonly string Lowered()
    {
        var text = "";
        for (var resource = 0; resource < Names.Length; resource++)
        {
            if ((_given & (1u << resource)) != 0 && For(resource) is { } limit && limit.Soft < _soft[resource])
            {
                var asked = _soft[resource] == ulong.MaxValue ? "unlimited" : $"{_soft[resource]}";
                text += $"{(text.Length == 0 ? "" : ", ")}{Names[resource]} is {limit.Soft} and not {asked}";
            }
        }

        return text;
    }

    /// <summary>Whether a process gets, by inheritance alone, all of them but that on descriptors.</summary>
    internal readonly bool AreInherited()
    {
        for (var resource = 0; resource < Resources; resource++)
        {
            Native.Limit own;
            if (resource != Native.RLIMIT_NOFILE && (_given & (1u << resource)) != 0 && Native.getrlimit(resource, &own) == 0 && For(resource).Soft != own.Soft)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Puts them in force for this process, to be handed on.</summary>
    internal readonly void Apply()
    {
        for (var resource = 0; resource < Resources; resource++)
        {
            if (resource == Native.RLIMIT_NOFILE || (_given & (1u << resource)) != 0)
            {
                var limit = For(resource);
                _ = Native.setrlimit(resource, &limit);
            }
        }
    }
}
