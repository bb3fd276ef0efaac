using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Daemon.Demo;
using Gflow.Tests.TestKit;

namespace Gflow.EndToEnd.History;

/// <summary>Takes what came to receivers out of them and has it written down, so that they do not grow.</summary>
internal sealed class Postbox(Recorder recorder)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly List<Action> _targets = [];

    /// <summary>A webhook.</summary>
    /// <param name="takes">Whether it says yes to the request of that number.</param>
    public void Add(string target, bool always, WebhookReceiver receiver, Func<int, bool> takes) => _targets.Add(() =>
    {
        foreach (var request in receiver.Requests.Take())
        {
            var payload = JsonSerializer.Deserialize(request.Body, PayloadJson.Default.NotificationPayload)!;
            recorder.Delivered(target, always, request.Headers["webhook-id"], payload.Sequence, request.Body, takes(request.Number));
        }
    });

    /// <summary>A mail server. Mails say their event's id, before the first dot of their own, and not its place in the history.</summary>
    public void Add(string target, SmtpReceiver receiver) => _targets.Add(() =>
    {
        receiver.Commands.Take();
        foreach (var mail in receiver.Mails.Take())
        {
            recorder.Delivered(target, true, mail.Message.MessageId!.Split('.')[0], 0, mail.Raw, true);
        }
    });

    public async Task CollectAsync(CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            Empty();
            await Task.Delay(Pause, CancellationToken.None);
        }

        Empty();
    }

    private void Empty() => _targets.ForEach(take => take());
}
