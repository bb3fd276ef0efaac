using Microsoft.Extensions.Time.Testing;

namespace Gflow.Tests.TestKit;

/// <summary>Waiting for conditions.</summary>
internal static class Until
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Waits until the condition holds.</summary>
    /// <exception cref="TimeoutException">It never did.</exception>
    public static async Task TrueAsync(Func<bool> condition, FakeTimeProvider? time = null, TimeSpan step = default)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (!condition())
        {
            if (deadline.IsCancellationRequested)
            {
                throw new TimeoutException("The condition did not come true.");
            }

            // With a virtual clock the machine is given a moment to settle between its steps.
            time?.Advance(step == default ? TimeSpan.FromMilliseconds(50) : step);
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits until the condition holds, which must be before the virtual clock has gone on for a span; a busy machine is given the time it takes.</summary>
    /// <exception cref="TimeoutException">The span is over.</exception>
    public static async Task TrueWithinAsync(TimeSpan span, Func<bool> condition, FakeTimeProvider time)
    {
        const int Steps = 50;
        const int PollsPerStep = 50;
        for (var poll = 0; !condition(); poll++)
        {
            if (poll == Steps * PollsPerStep)
            {
                throw new TimeoutException($"The condition did not come true within {span}.");
            }

            if (poll % PollsPerStep == PollsPerStep - 1)
            {
                time.Advance(span / Steps);
            }

            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }
}
