using System.Globalization;

namespace Gflow.Core.Jobs;

/// <summary>Signal numbers of Linux (signal(7)) and their names.</summary>
public static class SignalText
{
    public const int Term = 15;
    public const int Kill = 9;
    private const int Largest = 64;

    private static readonly string[] Names =
    [
        "", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1",
        "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP",
        "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ];

    /// <summary>Reads a number from 1 to 64 or a name, with or without <c>SIG</c>, in any case: <c>10</c>, <c>USR1</c>, <c>RTMIN+3</c>.</summary>
    /// <returns>The kernel's number, or a problem <c>invalid_signal</c>.</returns>
    public static Result<int> Parse(string text)
    {
        var name = text.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) ? text : $"SIG{text}";
        for (var number = 1; number <= Largest; number++)
        {
            if (text == number.ToString(CultureInfo.InvariantCulture) || name.Equals(Name(number), StringComparison.OrdinalIgnoreCase))
            {
                return number;
            }
        }

        return new Problem(ProblemCode.InvalidSignal, $"\"{text}\" is not a signal: write a name or a number from 1 to {Largest}, such as USR1 or 10", "signal");
    }

    /// <returns><c>SIGTERM</c> and the like; real-time and unknown signals as <c>SIGRTMIN+n</c> or <c>signal n</c>.</returns>
    public static string Name(int signal) => signal switch
    {
        > 0 and < 32 => Names[signal],
        >= 34 and <= 64 => signal == 34 ? "SIGRTMIN" : $"SIGRTMIN+{signal - 34}",
        _ => $"signal {signal}",
    };
}
