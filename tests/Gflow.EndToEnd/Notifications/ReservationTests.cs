using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Notifications;

/// <summary>A reservation is told to a webhook and a mailbox when it is made and when it is cancelled, once each, whatever happens to the daemon in between.</summary>
public sealed class ReservationTests(Installation installed)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task It_outlives_a_killed_daemon_and_is_told_in_order()
    {
        await using var machine = await Machine.StartAsync(installed);
        var day = TimeProvider.System.GetUtcNow().AddDays(2).ToString("yyyy-MM-dd");
        var made = await machine.DoneAsync("gctl", "reserve", "create", "--user", "dana", "--gpu-spec", "0,2", "--start", $"{day} 09:30", "--timezone", "UTC", "--duration", "2h30m");
        Assert.Equal("Reservation created successfully.\n  ReservationID=1\n", made);
        await machine.ReplaceDaemonAsync();
        var refused = await machine.RunAsync("gctl", "reserve", "create", "--gpu-spec", "2", "--start", $"{day}T10:00:00Z", "--duration", "30m");
        Assert.Equal(1, refused.Code);
        Assert.Contains("GPU 2 is reserved for dana", refused.Error, StringComparison.Ordinal);
        Assert.Contains("Duration=2h 30m", await machine.DoneAsync("gctl", "reserve", "get", "1"), StringComparison.Ordinal);
        await machine.DoneAsync("gctl", "reserve", "cancel", "1");

        (string Event, string Status)[] expected = [("reservation_created", "Pending"), ("reservation_cancelled", "Cancelled")];
        await machine.Hook.Requests.WaitForAsync(_ => Hooks(machine).Count >= expected.Length, Patience);
        await machine.Mail.Mails.WaitForAsync(_ => Subjects(machine).Count >= expected.Length, Patience);
        await machine.DeliveredAsync();
        Assert.Equal(expected, Hooks(machine).Select(payload => (payload.Event, payload.Reservation!.Status)));
        Assert.Equal([0, 2], Hooks(machine)[0].Reservation!.GpuIndices!);
        Assert.Equal(["Reservation created: reservation #1", "Reservation cancelled: reservation #1"], Subjects(machine));
        Assert.Equal(expected.Select(pair => pair.Event), (await machine.StreamAsync()).Where(frame => frame.ReservationId == 1).Select(frame => frame.Event));
    }

    /// <summary>Without repetitions: what was on its way when the daemon was killed may come twice.</summary>
    private static List<NotificationPayload> Hooks(Machine machine) =>
    [
        .. machine.Hook.Requests.Snapshot()
            .Select(request => JsonSerializer.Deserialize(request.Body, PayloadJson.Default.NotificationPayload)!)
            .Where(payload => payload.Reservation is not null)
            .DistinctBy(payload => payload.Id),
    ];

    private static List<string> Subjects(Machine machine) =>
    [
        .. machine.Mail.Mails.Snapshot()
            .Where(mail => mail.Message.Subject!.StartsWith("Reservation", StringComparison.Ordinal))
            .DistinctBy(mail => mail.Message.MessageId)
            .Select(mail => mail.Message.Subject!),
    ];
}
