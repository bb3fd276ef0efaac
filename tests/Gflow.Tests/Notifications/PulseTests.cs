using Gflow.Core.Notifications;
using Gflow.Daemon.Notifications;
using Gflow.Tests.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gflow.Tests.Notifications;

/// <summary>The heartbeat beside whatever goes wrong in it.</summary>
public sealed class PulseTests
{
    [Fact]
    public async Task A_bug_in_what_it_looks_at_is_told_without_its_words_and_ends_neither_the_looking_nor_the_stop()
    {
        var (works, calls) = (false, 0);
        await using (var pulse = new Pulse(
            "hc.example.com",
            TimeSpan.FromMilliseconds(20),
            _ =>
            {
                Interlocked.Increment(ref calls);
                return Task.FromResult<DeliveryOutcome>(new DeliveryOutcome.Delivered(200));
            },
            _ => Volatile.Read(ref works) ? Task.FromResult<string?>(null) : throw new InvalidOperationException("s3cret"),
            TimeProvider.System,
            NullLogger.Instance))
        {
            await Until.TrueAsync(() => pulse.Current.Problem == "not sent: unexpected failure (InvalidOperationException)");
            Assert.Equal(0, calls);
            Volatile.Write(ref works, true);
            await Until.TrueAsync(() => pulse.Current is { Problem: null, LastAnswered: not null });
        }

        Assert.True(calls > 0);
    }
}
