using System.Text.Json;
using Gflow.Cli;
using Gflow.Client.Configuration;
using Gflow.Core.Contracts;
using Gflow.Tests.Configuration;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Cli;

public sealed class ReserveTests
{
    private static readonly ReservationView[] Samples =
    [
        Sample(5, "erik", new(Indices: [0, 3]), "2031-05-02T09:30:00Z", 1800, "Active"),
        Sample(4, "dana", new(Count: 2), "2031-05-02T09:00:00Z", 9000, "Pending"),
        Sample(6, "a user with a very long name indeed, far too long for a terminal", new(Indices: [2]), "2031-05-01T22:00:00Z", 3600, "Completed"),
        Sample(7, "e\e[31mrik", new(Count: 1), "2031-06-02T09:00:00Z", 3600, "Cancelled") with { CancelledAt = Instant("2031-05-02T08:00:01Z") },
    ];

    private static readonly TimeZoneInfo Tokyo = TimeZoneInfo.CreateCustomTimeZone("Asia/Tokyo", TimeSpan.FromHours(9), "Tokyo", "Tokyo");

    [Fact]
    public async Task The_list_is_a_table_by_number()
    {
        await using var daemon = (await ScriptedDaemon.StartAsync()).On("GET /reservations", JsonSerializer.Serialize([.. Samples], WireJson.Default.ListReservationView));
        foreach (var width in (int[])[60, 80, 120])
        {
            GoldenFile.Check($"reserve-list-{width}", (await CommandRun.Async("gctl reserve list --color never", daemon.Options, CommandRun.Terminal(width))).Out);
            GoldenFile.Check($"reserve-list-{width}-colour", (await CommandRun.Async("gctl reserve list", daemon.Options, CommandRun.Terminal(width))).Out);
        }

        GoldenFile.Check("reserve-list-pipe", (await CommandRun.Async("gctl reserve list", daemon.Options, context => context with { Zone = _ => Tokyo })).Out);
        GoldenFile.Check("reserve-list-json", (await CommandRun.Async("gctl reserve list --json", daemon.Options)).Out);
    }

    [Fact] // [193]
    public async Task An_empty_list_says_so_and_filters_are_the_daemons()
    {
        await using var daemon = (await ScriptedDaemon.StartAsync()).On("GET /reservations", "[]");

        var run = await CommandRun.Async(["gctl", "reserve", "list", "--user", "a b&c", "--status", "PENDING", "--active"], daemon.Options);

        Assert.Equal((ExitCodes.Done, "No reservations found.\n"), (run.Code, run.Out));
        Assert.Equal("?user=a%20b%26c&status=pending&active_only=true", daemon.Single("GET /reservations").Query);
        Assert.Empty(JsonDocument.Parse((await CommandRun.Async("gctl reserve list --json", daemon.Options)).Out).RootElement.GetProperty("reservations").EnumerateArray());
    }

    [Fact]
    public async Task One_is_shown_with_all_that_is_known_of_it()
    {
        await using var daemon = await ScriptedDaemon.StartAsync();
        foreach (var sample in Samples)
        {
            daemon.On($"GET /reservations/{sample.Id}", JsonSerializer.Serialize(sample, WireJson.Default.ReservationView));
        }

        foreach (var width in (int[])[60, 80, 120])
        {
            GoldenFile.Check($"reserve-get-{width}", (await CommandRun.Async("gctl reserve get 7 --color never", daemon.Options, CommandRun.Terminal(width))).Out);
            GoldenFile.Check($"reserve-get-{width}-colour", (await CommandRun.Async("gctl reserve get 7", daemon.Options, CommandRun.Terminal(width))).Out);
        }

        Assert.Equal(
            """
            Reservation Details:
              ID=5
              User=erik
              GPUIndices=0,3
              StartTime=2031-05-02 18:30:00 UTC+09:00
              EndTime=2031-05-02 19:00:00 UTC+09:00
              Duration=30m
              Status=Active
              CreatedAt=2031-05-01 17:00:00 UTC+09:00

            """,
            (await CommandRun.Async("gctl reserve get 5", daemon.Options, context => context with { Zone = _ => Tokyo })).Out);
        Assert.Equal(4, JsonDocument.Parse((await CommandRun.Async("gctl reserve get 4 --json", daemon.Options)).Out).RootElement.GetProperty("id").GetInt32());
    }

    [Fact] // [194]
    public async Task What_is_created_is_what_was_written()
    {
        await using var daemon = (await ScriptedDaemon.StartAsync()).On("POST /reservations", """{"reservation_id":7}""");

        var run = await CommandRun.Async(
            ["gctl", "reserve", "create", "--gpu-spec", "2-3,0", "--start", "2031-05-02 09:30", "--duration", "2h30m", "--timezone", "Asia/Tokyo"], daemon.Options);

        Assert.Equal((ExitCodes.Done, "Reservation created successfully.\n  ReservationID=7\n"), (run.Code, run.Out));
        Assert.StartsWith("gctl: warning: in this version no job waits for a reservation", run.Error, StringComparison.Ordinal);
        Assert.Equal(
            """{"user":"dana","gpu_count":null,"gpu_indices":[0,2,3],"start_time":{"secs_since_epoch":1935448200,"nanos_since_epoch":0},"duration_secs":9000}""",
            daemon.Single("POST /reservations").Body);
    }

    [Fact]
    public async Task The_configured_zone_counts_unless_one_is_given()
    {
        await using var daemon = (await ScriptedDaemon.StartAsync()).On("POST /reservations", """{"reservation_id":7}""");
        string[] words = ["gctl", "reserve", "create", "--json", "--user", "erik", "--gpus", "2", "--duration", "30m", "--start", "2031-05-02 09:30"];

        var run = await CommandRun.Async(words, daemon.Options, context => context with { Zone = _ => Tokyo });

        Assert.Equal("{\n  \"reservation_id\": 7\n}\n", run.Out);
        var body = daemon.Single("POST /reservations").Json;
        Assert.Equal(1_935_448_200, body.GetProperty("start_time").GetProperty("secs_since_epoch").GetInt64());
        Assert.Equal(("erik", 2), (body.GetProperty("user").GetString(), body.GetProperty("gpu_count").GetInt32()));
    }

    [Fact]
    public async Task A_zone_of_the_configuration_that_this_machine_lacks_is_a_failure_that_names_it()
    {
        using var home = new ConfigHome("timezone = \"Mars/Base\"\n");
        var options = home.LoadClient().Value;
        string[] words = ["gctl", "reserve", "create", "--gpus", "2", "--duration", "30m", "--start", "2031-05-02 09:30"];

        var run = await CommandRun.Async(words, options, context => context with { Zone = given => given.Zone() });

        Assert.Equal(ExitCodes.Refused, run.Code);
        Assert.Contains("timezone", run.Error, StringComparison.Ordinal);
        Assert.Contains("Mars/Base", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--gpus 1 --gpu-spec 0 --start 2031-05-02T09:30:00Z --duration 30m", "--gpus and --gpu-spec cannot be combined")]
    [InlineData("--start 2031-05-02T09:30:00Z --duration 30m", "which GPUs? Give --gpus N")]
    [InlineData("--gpus 0 --start 2031-05-02T09:30:00Z --duration 30m", "--gpus takes a number from 1, not \"0\"")]
    [InlineData("--gpu-spec a --start 2031-05-02T09:30:00Z --duration 30m", "--gpu-spec: \"a\" is not a list of numbers")]
    [InlineData("--gpus 1 --duration 30m", "--start is missing")]
    [InlineData("--gpus 1 --start 2031-05-02T09:30:00Z", "--duration is missing")]
    [InlineData("--gpus 1 --start 2031-05-02T09:31:00Z --duration 30m", "--start: \"2031-05-02T09:31:00Z\" is not on a full or half hour")]
    [InlineData("--gpus 1 --start 2031-05-02T09:30:00Z --duration 45m", "--duration: \"45m\" is not a multiple of 30 minutes")]
    [InlineData("--gpus 1 --start 2031-05-02T09:30:00Z --duration 30m --timezone Mars/Base", "--timezone: this machine knows no time zone \"Mars/Base\"")]
    public async Task A_wrong_wish_is_wrong_usage(string options, string error)
    {
        var run = await CommandRun.Async($"gctl reserve create {options}");

        Assert.Equal((ExitCodes.Usage, ""), (run.Code, run.Out));
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gctl reserve list --status soon", "--status: \"soon\" is not a status of reservations; there are Pending, Active, Completed, Cancelled")]
    [InlineData("gctl reserve get 0", "\"0\" is not a reservation; write its number, such as 4")]
    [InlineData("gctl reserve cancel x", "\"x\" is not a reservation; write its number, such as 4")]
    public async Task Other_mistakes_are_wrong_usage_too(string line, string error)
    {
        var run = await CommandRun.Async(line);

        Assert.Equal((ExitCodes.Usage, $"gctl: {error}\n"), (run.Code, run.Error));
    }

    [Fact]
    public async Task With_a_daemon_a_reservation_is_made_listed_refused_shown_and_cancelled()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var options = new ClientOptions { Host = "localhost", Port = 0, Socket = daemon.Host.Socket };
        var day = TimeProvider.System.GetUtcNow().AddDays(2).ToString("yyyy-MM-dd");
        string[] create = ["gctl", "reserve", "create", "--gpus", "2", "--start", $"{day} 09:00", "--duration", "1h"];

        Assert.Equal("Reservation created successfully.\n  ReservationID=1\n", (await CommandRun.Async(create, options)).Out);
        Assert.Contains($" 1    dana   2      {day} 09:00:00   {day} 10:00:00   Pending\n", (await CommandRun.Async("gctl reserve list", options)).Out, StringComparison.Ordinal);
        var second = await CommandRun.Async(create, options);
        Assert.Equal((ExitCodes.Refused, ""), (second.Code, second.Out));
        Assert.StartsWith("gctl: The reservation conflicts with reservation 1: ", second.Error, StringComparison.Ordinal);

        var cancelled = await CommandRun.Async("gctl reserve cancel 1", options);
        Assert.Equal((ExitCodes.Done, "Reservation 1 cancelled successfully.\n"), (cancelled.Code, cancelled.Out));
        var again = await CommandRun.Async("gctl reserve cancel 1", options);
        Assert.Equal((ExitCodes.Refused, "gctl: Reservation 1 is Cancelled and can no longer be cancelled.\n"), (again.Code, again.Error));
        Assert.Contains("  Status=Cancelled\n", (await CommandRun.Async("gctl reserve get 1", options)).Out, StringComparison.Ordinal);
        Assert.Equal("Cancelled", JsonDocument.Parse((await CommandRun.Async("gctl reserve list --status cancelled --json", options)).Out)
            .RootElement.GetProperty("reservations")[0].GetProperty("status").GetString());
        var unknown = await CommandRun.Async("gctl reserve get 9", options);
        Assert.Equal((ExitCodes.Refused, "gctl: There is no reservation 9.\n"), (unknown.Code, unknown.Error));
    }

    private static ReservationView Sample(uint id, string user, WireGpuSpec gpus, string start, long seconds, string status) => new()
    {
        Id = id,
        User = user,
        GpuSpec = gpus,
        StartTime = Instant(start),
        Duration = new(seconds, 0),
        Status = status,
        CreatedAt = Instant("2031-05-01T08:00:00Z"),
    };

    private static WireInstant Instant(string text) => WireInstant.From(DateTimeOffset.Parse(text));
}
