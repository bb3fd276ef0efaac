using Gflow.Client;
using Gflow.Core;

namespace Gflow.Cli;

/// <summary>Ends a command with an exit code and its reasons; <see cref="CommandTable"/> writes them as text or as JSON.</summary>
internal sealed class CommandFailedException(int exitCode, IReadOnlyList<Problem> problems)
    : Exception(string.Join("; ", problems.Select(problem => problem.Message)))
{
    internal int ExitCode => exitCode;

    internal IReadOnlyList<Problem> Problems => problems;

    /// <summary>The exit code of a command that goes on with others after this failure.</summary>
    /// <exception cref="CommandFailedException">No daemon answers, which ends the command.</exception>
    internal static int CodeOf(ClientFailure failure) => From(failure) is { ExitCode: ExitCodes.Unreachable } stop ? throw stop : ExitCodes.Refused;

    internal static CommandFailedException From(ClientFailure failure) => failure switch
    {
        ClientFailure.Unreachable => new(ExitCodes.Unreachable, [new Problem(ProblemCode.Unreachable, failure.Message)]),
        ClientFailure.Foreign => new(ExitCodes.Unreachable, [new Problem(ProblemCode.ForeignListener, failure.Message)]),
        ClientFailure.Timeout => new(ExitCodes.Unreachable, [new Problem(ProblemCode.Timeout, failure.Message)]),
        ClientFailure.Refused { Problems: { Count: > 0 } given } => new(ExitCodes.Refused, given),
        ClientFailure.Refused refused => new(ExitCodes.Refused, [new Problem(refused.Status == 404 ? ProblemCode.NotFound : ProblemCode.Refused, refused.Text)]),
        _ => throw new InvalidOperationException(),
    };
}
