using System.Text.RegularExpressions;

namespace Gflow.Tests.Sweep;

/// <summary>Tries everything on the routes of a daemon.</summary>
/// <param name="socket">Where it listens.</param>
/// <param name="running">A job that runs and has written something.</param>
/// <param name="step">Tries one request in so many.</param>
internal sealed partial class Sweep(string socket, uint running, int step = 1)
{
    private const int FaultsTold = 20;

    public async Task OfAsync(SweptRoute route)
    {
        var path = await PathAsync(route);
        var usual = await SweptAnswer.OfAsync(socket, SweptRequest.Usual(route, path), route.Streams);
        await UndoneAsync(usual);
        var faults = new List<string>();
        var count = 0;
        foreach (var request in SweptRequest.Of(route, path))
        {
            if (count++ % step == 0 && await FaultAsync(route, request, usual.Body) is { } fault)
            {
                faults.Add(fault);
            }
        }

        if (path.StartsWith("/reservations/", StringComparison.Ordinal))
        {
            await UndoneAsync("DELETE /reservations/{id}", path["/reservations/".Length..]);
        }

        Assert.True(faults.Count == 0, $"{faults.Count} of {count}:\n{string.Join('\n', faults.Take(FaultsTold))}");
    }

    /// <summary>Makes what the path is to name.</summary>
    private async Task<string> PathAsync(SweptRoute route) => route.Path.Replace("{name}", "hook", StringComparison.Ordinal) is var path && !path.Contains("{id}", StringComparison.Ordinal) ? path
        : path.Replace("{id}", path.StartsWith("/notifications", StringComparison.Ordinal) ? "1"
            : path.StartsWith("/reservations", StringComparison.Ordinal) ? await MadeAsync("POST /reservations")
            : path.Contains("/log", StringComparison.Ordinal) || path.EndsWith("/signal", StringComparison.Ordinal) ? $"{running}"
            : path.EndsWith("/redo", StringComparison.Ordinal) ? await OverAsync()
            : await MadeAsync("POST /jobs"), StringComparison.Ordinal);

    private async Task<string> OverAsync()
    {
        // Of a script: what is said of another then names it.
        var job = await MadeAsync("POST /jobs", "script");
        await UndoneAsync("POST /jobs/{id}/cancel", job);
        return job;
    }

    private async Task<string> MadeAsync(string by, string field = "")
    {
        var route = SweptRoutes.All.Single(known => known.ToString() == by);
        var made = await SweptAnswer.OfAsync(socket, SweptRequest.Usual(route, route.Path, field), streams: false);
        Assert.True(made.Status is 200 or 201, made.ToString());
        return Number().Match(made.Body).Groups[1].Value;
    }

    private async Task<string?> FaultAsync(SweptRoute route, SweptRequest request, string usual)
    {
        try
        {
            var answer = await SweptAnswer.OfAsync(socket, request, route.Streams);
            await UndoneAsync(answer);
            return answer.Fault(request, usual) is { } fault ? $"{request.What}: {answer.Status}, {fault}: {answer.Body[..Math.Min(300, answer.Body.Length)]}" : null;
        }
        catch (TimeoutException late)
        {
            return $"{request.What}: {late.Message}";
        }
    }

    /// <summary>What was made would take room for good.</summary>
    private async Task UndoneAsync(string by, string id)
    {
        var route = SweptRoutes.All.Single(known => $"{known}" == by);
        await SweptAnswer.OfAsync(socket, SweptRequest.Usual(route, route.Path.Replace("{id}", id, StringComparison.Ordinal)), streams: false);
    }

    private async Task UndoneAsync(SweptAnswer answer)
    {
        var isReservation = answer.Body.StartsWith("{\"reservation_id\"", StringComparison.Ordinal);
        if (answer.Status == 201 || isReservation)
        {
            foreach (Match made in Number().Matches(answer.Body))
            {
                await UndoneAsync(isReservation ? "DELETE /reservations/{id}" : "POST /jobs/{id}/cancel", made.Groups[1].Value);
            }
        }
    }

    [GeneratedRegex("""\b(?:reservation_)?id":(\d+)""")]
    private static partial Regex Number();
}
