using System.Text.Json;
using Gflow.Cli;
using Gflow.Core.Contracts;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Cli;

/// <summary>How targets and deliveries are shown, at every width.</summary>
public sealed class NotificationListTests
{
    private static readonly int[] Widths = [60, 80, 120];

    private static readonly TargetView[] Targets =
    [
        new()
        {
            Name = "ops", Kind = "webhook", Host = "ops.example.org", Health = "ok", Ill = false, Waiting = 0, InFlight = 0, DeliveredLastMinute = 12, DeadLastDay = 0,
        },
        new()
        {
            Name = "the mail of the whole laboratory", Kind = "email", Host = "mail.example.org", Health = "stopped", Ill = true, Waiting = 31, OldestWaiting = At("09:55:50"), InFlight = 0,
            DeliveredLastMinute = 0, DeadLastDay = 2, NextProbeAt = At("10:00:48"), LastError = "SMTP 535 to the credentials: 5.7.8 authentication \e[31mfailed", LastErrorAt = At("09:59:48"),
        },
        new()
        {
            Name = "chat", Kind = "webhook", Host = "chat.example.org", Health = "paused", Ill = false, PausedBy = "dana", Waiting = 3, OldestWaiting = At("09:59:00"), InFlight = 0,
            DeliveredLastMinute = 0, DeadLastDay = 0,
        },
    ];

    private static readonly DeliveryView[] Deliveries =
    [
        new()
        {
            Id = 1207, Event = "reservation_cancelled", EventId = "e3", Reservation = 4, User = "dana", Target = "the mail of the whole laboratory", Kind = "email",
            Recipient = "someone.with.a.long.name@example.org", State = "waiting", Attempts = 3, CreatedAt = At("09:58:00"), WhyNotYet = "the last attempt failed, and it is tried again",
        },
        new()
        {
            Id = 1206, Event = "job_failed", EventId = "e2", Job = 42, User = "dana", Target = "ops", Kind = "webhook", State = "dead", Attempts = 1, CreatedAt = At("09:57:00"),
            SettledAt = At("09:57:01"), Reason = "HTTP 410",
        },
        new()
        {
            Id = 7, Event = "job_completed", EventId = "e1", Job = 41, User = "dana", Target = "ops", Kind = "webhook", State = "delivered", Attempts = 1, CreatedAt = At("09:56:00"),
            SettledAt = At("09:56:01"),
        },
    ];

    [Fact]
    public async Task Targets_are_lines_and_on_a_narrow_terminal_paragraphs_that_say_all_of_why_one_fails()
    {
        await using var daemon = (await ScriptedDaemon.StartAsync()).On("GET /notifications/targets", JsonSerializer.Serialize([.. Targets], NotificationJson.Default.ListTargetView));

        await AssertGoldenAsync(daemon, "gctl notify status", "notify-status", ExitCodes.Ill);
    }

    [Fact]
    public async Task A_list_of_deliveries_leaves_columns_out_before_it_cuts_what_happened_and_how_it_is()
    {
        await using var daemon = (await ScriptedDaemon.StartAsync()).On("GET /notifications/deliveries", JsonSerializer.Serialize([.. Deliveries], NotificationJson.Default.ListDeliveryView));

        await AssertGoldenAsync(daemon, "gctl notify list", "notify-list", ExitCodes.Done);
    }

    private static async Task AssertGoldenAsync(ScriptedDaemon daemon, string line, string name, int code)
    {
        foreach (var width in Widths)
        {
            var run = await CommandRun.Async($"{line} --color never", daemon.Options, CommandRun.Terminal(width));
            Assert.Equal(code, run.Code);
            Assert.All(run.Out.Split('\n'), text => Assert.True(text.Length <= width, text));
            GoldenFile.Check($"{name}-{width}", run.Out);
            GoldenFile.Check($"{name}-{width}-colour", (await CommandRun.Async(line, daemon.Options, CommandRun.Terminal(width))).Out);
        }

        GoldenFile.Check($"{name}-pipe", (await CommandRun.Async(line, daemon.Options)).Out);
    }

    private static WireInstant At(string time) => WireInstant.From(DateTimeOffset.Parse($"2031-05-02T{time}Z", System.Globalization.CultureInfo.InvariantCulture));
}
