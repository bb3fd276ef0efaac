using Gflow.Core;

namespace Gflow.Client;

/// <summary>Why the daemon gave no answer that could be used. What to do is decided on the case, never on a text.</summary>
public abstract record ClientFailure
{
    private ClientFailure()
    {
    }

    /// <summary>One or more sentences for people.</summary>
    public abstract string Message { get; }

    /// <summary>Nobody listens, or the connection broke before an answer came.</summary>
    /// <param name="Socket">The Unix socket that was tried, or each of several; null when only TCP was.</param>
    /// <param name="Address">The TCP address that was tried; null when only the socket was.</param>
    /// <param name="Why">What the operating system said.</param>
    public sealed record Unreachable(string? Socket, string? Address, string Why) : ClientFailure
    {
        /// <summary>The command that starts a daemon.</summary>
        public const string StartCommand = "gflowd start";

        public override string Message =>
            $"no daemon answers at {string.Join(" or ", ((string?[])[Socket, Address]).Where(place => place is not null))} ({Why}); start one with: {StartCommand}";
    }

    /// <summary>Where a daemon was looked for, somebody listens who is none of the caller's: he was sent nothing.</summary>
    /// <param name="Place">The socket or the address.</param>
    /// <param name="Who">Whose program it is, in words.</param>
    public sealed record Foreign(string Place, string Who) : ClientFailure
    {
        public override string Message =>
            $"at {Place} listens {Who}, and not your daemon, root's or the machine's: nothing was sent to it; start a daemon of your own with: {Unreachable.StartCommand}";
    }

    /// <summary>The daemon answered, and the answer is no.</summary>
    /// <param name="Status">The HTTP status.</param>
    /// <param name="Problems">All reasons it gave; empty when it gave only a text.</param>
    /// <param name="State">The job's state, when that was the reason.</param>
    public sealed record Refused(int Status, string Text, IReadOnlyList<Problem> Problems, string? State = null) : ClientFailure
    {
        public override string Message => Text;

        /// <summary>Whether it is the refusal of a daemon that is on its way out: nothing was done, and the next one can be asked.</summary>
        public bool IsStopping => Problems.Any(problem => problem.Kind == ProblemCode.Stopping);
    }

    /// <summary>No answer in time. Whether the request had an effect is not known.</summary>
    public sealed record Timeout(TimeSpan After) : ClientFailure
    {
        public override string Message => $"the daemon did not answer within {After.TotalSeconds:0} s; see gflowd status";
    }
}
