using System.Net.Http.Json;
using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Reservations;

public sealed class ReservationEndpointsTests
{
    private static readonly long Soon = TimeProvider.System.GetUtcNow().AddDays(2).ToUnixTimeSeconds();

    [Fact]
    public async Task A_reservation_is_made_and_shown_in_the_shape_of_the_wire()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var made = await daemon.PostAsync("/reservations", Body("\"user\":\"bob\",\"gpu_indices\":[1,0]", Soon, 9000));
        Assert.Equal((200, """{"reservation_id":1}"""), (made.Status, made.Body));

        var shown = (await daemon.GetAsync("/reservations/1")).Json;
        Assert.Equal("""{"indices":[0,1]}""", shown.GetProperty("gpu_spec").GetRawText());
        Assert.Equal($$"""{"secs_since_epoch":{{Soon}},"nanos_since_epoch":0}""", shown.GetProperty("start_time").GetRawText());
        Assert.Equal("""{"secs":9000,"nanos":0}""", shown.GetProperty("duration").GetRawText());
        Assert.Equal(("bob", "Pending"), (shown.GetProperty("user").GetString(), shown.GetProperty("status").GetString()));
        Assert.Equal(JsonValueKind.Null, shown.GetProperty("cancelled_at").ValueKind);
        Assert.True(shown.GetProperty("created_at").GetProperty("secs_since_epoch").GetInt64() > 0);
    }

    [Fact]
    public async Task Without_an_owner_it_is_the_callers_own()
    {
        await using var daemon = await TestDaemon.StartAsync();
        Assert.Equal(200, (await daemon.PostAsync("/reservations", Body("\"gpu_count\":1", Soon))).Status);
        var shown = (await daemon.GetAsync("/reservations/1")).Json;
        Assert.Equal(Environment.UserName, shown.GetProperty("user").GetString());
        Assert.Equal("""{"count":1}""", shown.GetProperty("gpu_spec").GetRawText());
    }

    [Fact]
    public async Task Refusals_have_their_status_code_and_field()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var outOfRange = await daemon.PostAsync("/reservations", Body("\"gpu_indices\":[2]", Soon));
        Assert.Equal((400, "invalid", "gpu_indices"), (outOfRange.Status, outOfRange.Code, outOfRange.Field));
        var endless = await daemon.PostAsync("/reservations", Body("\"gpu_count\":1", Soon, long.MaxValue));
        Assert.Equal((400, "invalid", "duration_secs"), (endless.Status, endless.Code, endless.Field));
        var mistyped = await daemon.PostAsync("/reservations", """{"gpu_count":1,"start_time":"tomorrow","duration_secs":60}""");
        Assert.Equal((400, "wrong_type", "start_time"), (mistyped.Status, mistyped.Code, mistyped.Field));
        Assert.Contains("secs_since_epoch", mistyped.Error, StringComparison.Ordinal);
        Assert.Equal((400, "missing_body"), ((await daemon.PostAsync("/reservations")).Status, (await daemon.PostAsync("/reservations")).Code));

        await daemon.PostAsync("/reservations", Body("\"gpu_count\":2", Soon));
        var second = await daemon.PostAsync("/reservations", Body("\"gpu_count\":1", Soon));
        Assert.Equal((409, "conflict"), (second.Status, second.Code));
        Assert.Contains("reservation 1", second.Error, StringComparison.Ordinal);

        Assert.Equal((404, "not_found"), ((await daemon.GetAsync("/reservations/9")).Status, (await daemon.GetAsync("/reservations/9")).Code));
        Assert.Equal((400, "bad_id"), ((await daemon.GetAsync("/reservations/x")).Status, (await daemon.GetAsync("/reservations/x")).Code));
        Assert.Equal((404, "not_found"), ((await DeleteAsync(daemon, "9")).Status, (await DeleteAsync(daemon, "9")).Code));
    }

    [Fact]
    public async Task A_cancelled_reservation_stays_to_be_seen_and_cannot_be_cancelled_again()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.PostAsync("/reservations", Body("\"gpu_count\":1", Soon));
        var cancelled = await DeleteAsync(daemon, "1");
        Assert.Equal((200, "Cancelled"), (cancelled.Status, cancelled.Json.GetProperty("status").GetString()));
        Assert.Equal(JsonValueKind.Object, cancelled.Json.GetProperty("cancelled_at").ValueKind);

        var again = await DeleteAsync(daemon, "1");
        Assert.Equal((409, "wrong_state", "Cancelled"), (again.Status, again.Code, again.Json.GetProperty("state").GetString()));
        Assert.Equal("Cancelled", (await daemon.GetAsync("/reservations/1")).Json.GetProperty("status").GetString());
    }

    [Fact]
    public async Task The_list_is_by_start_and_can_be_narrowed()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.PostAsync("/reservations", Body("\"user\":\"bob\",\"gpu_count\":1", Soon + 7200));
        await daemon.PostAsync("/reservations", Body("\"user\":\"ann\",\"gpu_count\":1", Soon));
        await daemon.PostAsync("/reservations", Body("\"user\":\"bob\",\"gpu_count\":1", Soon));
        await DeleteAsync(daemon, "3");

        Assert.Equal([2u, 3u, 1u], await IdsAsync(daemon, ""));
        Assert.Equal([3u, 1u], await IdsAsync(daemon, "?user=bob"));
        Assert.Equal([2u, 1u], await IdsAsync(daemon, "?status=PENDING"));
        Assert.Equal([3u], await IdsAsync(daemon, "?status=cancelled&user=bob"));
        Assert.Empty(await IdsAsync(daemon, "?status=completed"));
        Assert.Empty(await IdsAsync(daemon, "?active_only=true"));
        Assert.Equal(3, (await IdsAsync(daemon, "?active_only=false")).Count);

        var wrong = await daemon.GetAsync("/reservations?status=soon&active_only=perhaps");
        Assert.Equal((400, 2), (wrong.Status, wrong.Json.GetProperty("problems").GetArrayLength()));
        Assert.Contains("Pending, Active, Completed, Cancelled", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_event_stream_tells_of_reservations_by_their_number()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.PostAsync("/reservations", Body("\"gpu_count\":1", Soon));
        await DeleteAsync(daemon, "1");

        await using var stream = await daemon.Http.GetStreamAsync("/events?last_event_id=0", TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        List<string> seen = [];
        while (seen.Count < 2 && await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.Contains("\"type\":\"reservation_", StringComparison.Ordinal))
            {
                var frame = JsonSerializer.Deserialize(line["data: ".Length..], WireJson.Default.StreamFrame)!;
                seen.Add($"{frame.Type} {frame.Event} {frame.ReservationId}");
            }
        }

        Assert.Equal(["reservation_created reservation_created 1", "reservation_cancelled reservation_cancelled 1"], seen);
    }

    [Fact]
    public async Task A_draft_of_the_client_is_what_the_daemon_reads()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var draft = new ReservationDraft { User = "bob", GpuCount = 2, StartTime = new WireInstant(Soon, 0), DurationSecs = 1800 };
        using var content = JsonContent.Create(draft, WireJson.Default.ReservationDraft);
        var made = await TestAnswer.OfAsync(await daemon.Http.PostAsync("/reservations", content, TestContext.Current.CancellationToken));
        Assert.Equal(200, made.Status);
    }

    private static async Task<List<uint>> IdsAsync(TestDaemon daemon, string query)
    {
        var answer = await daemon.GetAsync("/reservations" + query);
        Assert.Equal(200, answer.Status);
        return [.. answer.Json.EnumerateArray().Select(reservation => reservation.GetProperty("id").GetUInt32())];
    }

    private static Task<TestAnswer> DeleteAsync(TestDaemon daemon, string id) => daemon.SendAsync(new HttpRequestMessage(HttpMethod.Delete, $"/reservations/{id}"));

    private static string Body(string fields, long start, long duration = 3600) =>
        $$"""{{{fields}},"start_time":{"secs_since_epoch":{{start}},"nanos_since_epoch":0},"duration_secs":{{duration}}}""";
}
