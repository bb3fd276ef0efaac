using Gflow.Client;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.History;

/// <summary>A reader of the event stream, from the first event on, who comes again with the last id he has whenever the stream breaks.</summary>
/// <param name="stamina">After so many events he stops reading for a while, so that the daemon has to wait with what it would send; null for one who never does.</param>
internal sealed class Listener(string name, Machine machine, Recorder recorder, int? stamina = null) : IDisposable
{
    private static readonly TimeSpan Nap = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly GflowClient _client = new(Machine.Options(machine.Socket)) { RetryFor = TimeSpan.Zero };

    public string Name => name;

    /// <summary>How often the stream broke.</summary>
    public int Breaks { get; private set; }

    public void Dispose() => _client.Dispose();

    public async Task ListenAsync(CancellationToken enough)
    {
        var last = 0L;
        var frames = 0;
        while (!enough.IsCancellationRequested)
        {
            var opened = await _client.EventsAsync(last, enough);
            if (!opened.Ok)
            {
                Assert.False(opened.Failure is ClientFailure.Refused { Status: not 503 }, $"{name} came again after event {last}: {opened.Failure.Message}");
                await Task.Delay(Pause, enough);
                continue;
            }

            using var feed = opened.Value;
            while (await feed.NextAsync(enough) is { } frame)
            {
                last = frame.Seq;
                recorder.Told(name, frame);
                if (stamina is null)
                {
                    recorder.Dated(frame);
                }
                else if (++frames % stamina == 0)
                {
                    await Task.Delay(Nap, enough);
                }
            }

            Breaks++;
        }
    }
}
