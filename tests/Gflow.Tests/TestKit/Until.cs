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
}
