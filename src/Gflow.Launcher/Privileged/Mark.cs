namespace Gflow.Launcher.Privileged;

/// <summary>
/// The number by which the processes of a job are known, whatever they do to their session, environment, title and parents. It is the
/// soft limit on real-time computing without a pause (RLIMIT_RTTIME, getrlimit(2)) that the launcher sets around the spawn: every child
/// inherits it, no program has a use for it, and from 2^62 microseconds on it limits nothing.
/// </summary>
internal static unsafe class Mark
{
    /// <summary>Puts a mark on this process, for those that it makes from now on.</summary>
    /// <returns>False where the hard limit is too low for marks.</returns>
    internal static bool Set(ulong mark)
    {
        Native.Limit limit;
        if (Native.getrlimit(MarkNumbers.Resource, &limit) != 0 || mark > limit.Hard)
        {
            return false;
        }

        limit.Soft = mark;
        return Native.setrlimit(MarkNumbers.Resource, &limit) == 0;
    }
}
