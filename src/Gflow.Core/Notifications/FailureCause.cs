using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Jobs;

namespace Gflow.Core.Notifications;

/// <summary>What the end of a job says about why it failed, where that takes knowing the conventions of shells and signals.</summary>
public static class FailureCause
{
    /// <summary>What shells add to a signal's number when a command was ended by it (POSIX.1-2024, XCU 2.8.2).</summary>
    private const int BySignal = 128;

    private const int LastSignal = 64;

    /// <param name="name">Wire name of the event.</param>
    /// <returns>One sentence; null for events that are no failure, and for ends that say nothing more.</returns>
    public static string? Of(string name, JobFacts job) => EventTypes.TryParse(name, out var type)
        ? type switch
        {
            EventType.JobTimeout => job.TimeLimit is { } limit ? $"the time limit of {LineText.Of(limit)} was reached" : "the time limit was reached",
            EventType.JobFailed => Of(job),
            _ => null,
        }
        : null;

    private static string? Of(JobFacts job) => job switch
    {
        { Signal: { } signal } when Meaning(signal) is { } meaning => $"{signal}: {meaning}",
        { ExitCode: 126 } => "exit code 126: by the convention of shells, the command was found but could not be executed",
        { ExitCode: 127 } => "exit code 127: by the convention of shells, the command or its interpreter was not found",
        { ExitCode: > BySignal and <= BySignal + LastSignal and { } code } => ByConvention(code, SignalText.Name(code - BySignal)),
        _ => null,
    };

    private static string ByConvention(int code, string signal) =>
        $"exit code {code}: by the convention of shells, a command was ended by {signal}" + (Meaning(signal) is { } meaning ? $" ({meaning})" : "");

    private static string? Meaning(string signal) => signal switch
    {
        "SIGKILL" => "killed, by the system or by somebody",
        "SIGSEGV" => "it touched memory that is not its own",
        "SIGBUS" => "it touched memory that is not there",
        "SIGABRT" => "it gave up by itself",
        "SIGFPE" => "an arithmetic error such as a division by zero",
        "SIGILL" => "an instruction that this processor does not have",
        "SIGXCPU" => "its limit of processor time was reached",
        "SIGXFSZ" => "its limit of a file's size was reached",
        "SIGPIPE" => "the reader of its output had gone",
        _ => null,
    };
}
