using System.Diagnostics;

namespace Gflow.EndToEnd.TestKit;

/// <summary>Waits for what must come.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <param name="what">What is waited for, for whoever reads that it did not come.</param>
    /// <param name="log">What the daemon has said by then.</param>
    /// <exception cref="TimeoutException">It did not come within the time.</exception>
    public static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan patience, Func<string> what, Func<string> log)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(begun) > patience)
            {
                throw new TimeoutException($"Not in time: {what()}\n{log()}");
            }

            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
    }
}
