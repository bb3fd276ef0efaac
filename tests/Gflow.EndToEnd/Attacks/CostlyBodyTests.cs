using System.Text.Json;
using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Attacks;

/// <summary>Bodies whose shape alone is to cost the daemon time and memory.</summary>
public sealed class CostlyBodyTests(Installation installed, People people) : IClassFixture<People>
{
    private const long Megabyte = 1 << 20;
    private const int Deep = 100_000, ManyForAll = 60_000, ManyForSubmissions = 1_000_000;

    /// <summary>In milliseconds: for megabytes, on a machine that does other things as well.</summary>
    private const double Soon = 2000;

    private static readonly (string, int)[] Shapes =
    [
        ("lists", Deep), ("unclosed", Deep), ("objects", Deep), ("within", Deep), ("unknown", Deep), ("long", ManyForAll), ("fields", ManyForAll), ("repeated", ManyForAll), ("nulls", ManyForAll),
    ];

    /// <summary>Those at the ends of the limits come last: as many values as are looked at.</summary>
    private static readonly (string, int)[] ShapesOfSubmissions =
    [
        .. Shapes, ("long", ManyForSubmissions), ("fields", ManyForSubmissions), ("repeated", ManyForSubmissions), ("variables", ManyForSubmissions), ("empties", 5 * ManyForSubmissions),
        ("ids", ManyForSubmissions), ("arguments", 5 * ManyForSubmissions), ("names", ManyForAll), ("ids", (5 * ManyForAll) - 10), ("variables", (5 * ManyForAll) - 10),
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Deep_and_endless_bodies_are_refused_soon_and_leave_no_memory_behind(bool shared)
    {
        await using var attacked = await Attacked.StartAsync(installed, people, shared);
        var attacker = shared ? attacked.Stranger : attacked.Victim;
        var id = await attacked.SubmitAsync("sleep 600");
        string[] routes =
        [
            "POST /jobs", "POST /jobs/batch", "POST /jobs/check", $"PATCH /jobs/{id}", $"POST /jobs/{id}/redo", "POST /reservations", "POST /gpus", "POST /gpu-processes/ignore",
            "POST /gpu-processes/unignore", "POST /notifications/deliveries/resend", "POST /notifications/targets/hook/test",
        ];
        var before = Processes.ResidentBytes(attacked.DaemonPid);
        var asked = routes.Select(route => route.Split(' ')).SelectMany(
            route => route[1] is "/jobs" or "/jobs/batch" ? ShapesOfSubmissions : Shapes,
            (route, shape) => new object[] { route[0], route[1], shape.Item1, shape.Item2 }).ToList();
        var printed = await attacked.AttackAsync(attacker, "bodies", attacked.Socket, JsonSerializer.Serialize(asked));
        foreach (var (what, answer) in asked.Zip(JsonSerializer.Deserialize<List<Taken>>(printed)!))
        {
            Assert.True(answer.Status is 400 or 403 or 404 or 409 or 413 && answer.Milliseconds < Soon && answer.Body.Length < 32768, $"{string.Join(' ', what)}: {answer}");
        }

        Assert.InRange(Processes.ResidentBytes(attacked.DaemonPid) - before, long.MinValue, 200 * Megabyte);
        await attacked.AssertServesAsync();
    }

    private sealed record Taken(int Status, string Body, double Milliseconds);
}
