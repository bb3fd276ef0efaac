using System.Diagnostics;
using System.Globalization;

namespace Gflow.Daemon.Platform;

/// <summary>
/// Places at which a test has the daemon killed, chosen by <c>GFLOWD_FAILPOINT=NAME[:N]</c>: at the N-th time it comes there, or
/// the first. Calls are compiled into debug builds alone, which the end-to-end tests start where they need one; in any other build
/// there is neither a call nor, after trimming, this class.
/// </summary>
internal static class Failpoint
{
    public const string Variable = "GFLOWD_FAILPOINT";

    private static readonly string[] Armed = (Environment.GetEnvironmentVariable(Variable) ?? "").Split(':');

    private static int _left = Armed.Length > 1 ? int.Parse(Armed[1], CultureInfo.InvariantCulture) : 1;

    [Conditional("FAILPOINTS")]
    public static void Reach(string name)
    {
        if (name == Armed[0] && Interlocked.Decrement(ref _left) == 0)
        {
            // SIGKILL: nothing is flushed, closed or told.
            using var self = Process.GetCurrentProcess();
            self.Kill();
        }
    }
}
