using Gflow.Core.Notifications;
using Gflow.Daemon.Notifications;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Notifications;

/// <summary>What every sink must pass, whatever its channel.</summary>
public abstract class SinkExam
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>A word that is part of every secret the sink is configured with.</summary>
    protected const string Secret = "Hush-hush-4711";

    /// <summary>A sink that is configured with secrets and speaks to the port on loopback.</summary>
    private protected abstract INotificationSink Sink(int port);

    private protected abstract OutgoingMessage Message { get; }

    [Fact]
    public async Task Delivers_what_it_rendered()
    {
        await using var peer = await StartPeerAsync();
        await using var sink = Sink(peer.Port);

        var outcome = await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken);

        Assert.IsType<DeliveryOutcome.Delivered>(outcome);
        Assert.Equal(sink.Render(Message).ToArray(), (await peer.WaitForBodiesAsync(1))[0]);
    }

    [Fact]
    public async Task Renders_the_same_bytes_in_every_instance()
    {
        await using var first = Sink(1);
        await using var second = Sink(1);

        Assert.Equal(first.Render(Message).ToArray(), second.Render(Message).ToArray());
    }

    [Fact]
    public async Task A_server_that_never_answers_ends_with_the_deadline()
    {
        using var mute = new RawPeer(async (stream, stop) => await Task.Delay(Timeout.Infinite, stop));
        await using var sink = Sink(mute.Port);
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => sink.SendAsync(Message, sink.Render(Message), deadline.Token).WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_server_that_drips_its_answer_ends_with_the_deadline()
    {
        using var dripping = new RawPeer(async (stream, stop) =>
        {
            while (true)
            {
                await stream.WriteAsync("2"u8.ToArray(), stop);
                await Task.Delay(20, stop);
            }
        });
        await using var sink = Sink(dripping.Port);
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        // More than a line may hold can also be answered before the deadline, with a failure.
        var sending = sink.SendAsync(Message, sink.Render(Message), deadline.Token).WaitAsync(Patience, TestContext.Current.CancellationToken);
        var outcome = await Record.ExceptionAsync(() => sending);

        Assert.True(outcome is OperationCanceledException || (outcome is null && await sending is not DeliveryOutcome.Delivered), outcome?.ToString());
    }

    [Fact]
    public async Task A_cancelled_token_sends_nothing()
    {
        await using var peer = await StartPeerAsync();
        await using var sink = Sink(peer.Port);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sink.SendAsync(Message, sink.Render(Message), new CancellationToken(true)));
        Assert.Empty(peer.Bodies());
    }

    [Fact]
    public async Task Nobody_listening_is_tried_later()
    {
        int port;
        using (var closed = new RawPeer((_, _) => Task.CompletedTask))
        {
            port = closed.Port;
        }

        await using var sink = Sink(port);
        var outcome = await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken);

        Assert.Equal(new DeliveryOutcome.TryLater($"connection refused, while connecting to 127.0.0.1:{port}"), outcome);
    }

    [Fact]
    public async Task A_connection_that_closes_without_an_answer_is_tried_later()
    {
        using var closing = new RawPeer((_, _) => Task.CompletedTask);
        await using var sink = Sink(closing.Port);

        var outcome = await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken);

        Assert.IsType<DeliveryOutcome.TryLater>(outcome);
        Assert.Null(outcome.Code);
    }

    [Fact]
    public async Task What_is_not_its_protocol_is_tried_later_and_told_without_secrets()
    {
        using var babbling = new RawPeer(async (stream, stop) =>
        {
            await stream.WriteAsync("ceci n'est pas un serveur\r\n\r\n"u8.ToArray(), stop);
            await stream.CopyToAsync(Stream.Null, stop);
        });
        await using var sink = Sink(babbling.Port);

        var outcome = await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken);

        Assert.IsType<DeliveryOutcome.TryLater>(outcome);
        Assert.DoesNotContain(Secret, outcome.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    private protected abstract Task<IPeer> StartPeerAsync();

    /// <summary>A receiver of the sink's channel.</summary>
    private protected interface IPeer : IAsyncDisposable
    {
        int Port { get; }

        IReadOnlyList<byte[]> Bodies();

        Task<IReadOnlyList<byte[]>> WaitForBodiesAsync(int count);
    }
}
