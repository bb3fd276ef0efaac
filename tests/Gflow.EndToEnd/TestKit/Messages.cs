using System.Text;
using System.Text.Json;
using Gflow.Core.Contracts;
using Microsoft.Data.Sqlite;

namespace Gflow.EndToEnd.TestKit;

/// <summary>One event as a receiver got it.</summary>
/// <param name="Id">What a receiver tells repetitions by.</param>
/// <param name="State">Of the job, as the message says it.</param>
internal sealed record Message(string Id, uint Job, string Event, string State, int Revision, byte[] Bytes);

/// <summary>What a machine's daemon told, by each of its ways.</summary>
internal static class Messages
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>All frames of the event stream from the beginning to what has happened by now.</summary>
    public static async Task<List<StreamFrame>> StreamAsync(this Machine machine)
    {
        var newest = machine.Query("SELECT max(seq) FROM event");
        var opened = await machine.Client.EventsAsync(after: 0, cancel: Ct);
        using var feed = opened.Value;
        var frames = new List<StreamFrame>();
        while (frames.Count == 0 || frames[^1].Seq < newest)
        {
            frames.Add(await feed.NextAsync(Ct) ?? throw new InvalidOperationException("the event stream ended"));
        }

        return frames;
    }

    /// <summary>The names of a job's events in the stream, in order.</summary>
    public static async Task<List<string>> EventsAsync(this Machine machine, uint job) =>
        [.. (await machine.StreamAsync()).Where(frame => frame.JobId == job).Select(frame => frame.Event)];

    /// <summary>Waits until nothing is left to deliver.</summary>
    public static Task DeliveredAsync(this Machine machine) =>
        machine.UntilAsync(() => machine.Query("SELECT count(*) FROM delivery WHERE state = 0") == 0, "everything is delivered");

    /// <summary>What the webhook receiver got about jobs, in order of arrival.</summary>
    public static List<Message> Hooks(this Machine machine) =>
    [
        .. from request in machine.Hook.Requests.Snapshot()
           let payload = JsonSerializer.Deserialize(request.Body, PayloadJson.Default.NotificationPayload)!
           where payload.Job is not null
           select new Message(request.Headers["webhook-id"], payload.Job!.Id, payload.Event, payload.Job.State, payload.Job.Revision!.Value, request.Body),
    ];

    /// <summary>What the mail receiver got about jobs, in order of arrival. Mails name no revision.</summary>
    public static List<Message> Mails(this Machine machine) =>
    [
        .. from mail in machine.Mail.Mails.Snapshot()
           let text = mail.Message.TextBody!.ReplaceLineEndings("\n")
           where text.Contains("\nJob ID: ", StringComparison.Ordinal)
           select new Message(mail.Message.MessageId!, uint.Parse(Line(text, "Job ID")), Line(text, "Event"), Line(text, "State"), 0, mail.Raw),
    ];

    /// <summary>Waits until a job's events have come to both receivers, and checks that each came once and in order.</summary>
    public static async Task ToldAsync(this Machine machine, uint job, params (string Event, string State)[] expected)
    {
        await machine.Hook.Requests.WaitForAsync(_ => machine.Hooks().Count(message => message.Job == job) >= expected.Length, Patience);
        await machine.Mail.Mails.WaitForAsync(_ => machine.Mails().Count(message => message.Job == job) >= expected.Length, Patience);
        Assert.Equal(expected, machine.Hooks().Where(message => message.Job == job).Select(message => (message.Event, message.State)));
        Assert.Equal(expected, machine.Mails().Where(message => message.Job == job).Select(message => (message.Event, message.State)));
        var frames = (await machine.StreamAsync()).Where(frame => frame.JobId == job).ToList();
        Assert.Equal(expected, frames.Select(frame => (frame.Event, frame.NewState!)));
        Assert.Equal(expected[..^1].Select(pair => pair.State), frames.Skip(1).Select(frame => frame.OldState));
    }

    /// <summary>Drops repetitions; each must have been the same, byte for byte.</summary>
    public static List<Message> Distinct(IEnumerable<Message> received)
    {
        var first = new Dictionary<string, Message>();
        foreach (var message in received)
        {
            if (!first.TryAdd(message.Id, message))
            {
                Assert.Equal(Encoding.UTF8.GetString(first[message.Id].Bytes), Encoding.UTF8.GetString(message.Bytes));
            }
        }

        return [.. first.Values];
    }

    /// <summary>A number from the database.</summary>
    public static long Query(this Machine machine, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={machine.Database};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar() is { } value and not DBNull ? value : 0L);
    }

    private static string Line(string text, string label) =>
        text.Split('\n').First(line => line.StartsWith(label + ": ", StringComparison.Ordinal))[(label.Length + 2)..];
}
