using System.Globalization;
using System.Text;
using Gflow.Core.Events;
using Gflow.EndToEnd.History;
using Gflow.EndToEnd.TestKit;
using Microsoft.Data.Sqlite;

using Delivery = Gflow.EndToEnd.History.Delivery;

namespace Gflow.EndToEnd.Storage;

/// <summary>Compares what was answered with what there is when all is quiet: jobs and what they did, events, messages, and first answers.</summary>
internal sealed class FaultVerdict(Machine machine, InsistentCaller caller)
{
    private static readonly Dictionary<Request, EventType> Effects = new()
    {
        [Request.Hold] = EventType.JobHeld,
        [Request.Update] = EventType.JobUpdated,
        [Request.Release] = EventType.JobReleased,
        [Request.Cancel] = EventType.JobCancelled,
    };

    /// <summary>Acknowledged changes that are not there, a sentence each.</summary>
    public List<string> Lost { get; } = [];

    /// <summary>What else contradicts an answer, a sentence each.</summary>
    public List<string> Wrong { get; } = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Waits until nothing is left to do.</summary>
    public async Task QuietAsync()
    {
        await machine.UntilAsync(() => machine.Query("SELECT count(*) FROM job WHERE state < 10") == 0, "all jobs have ended");
        await machine.DeliveredAsync();
    }

    /// <param name="reservation">The only one, made and cancelled.</param>
    public async Task ReachAsync(long reservation)
    {
        var history = await HistoryAsync();
        Wrong.AddRange(Checker.Faults(history));
        Wrong.AddRange(Runs(history));
        Wrong.AddRange(await ReservationsAsync(reservation, history));
        Lost.AddRange(Missing(history));
        Lost.AddRange(await ForgottenAsync());
        if ((await machine.StreamAsync()).Count != history.Stream.Count)
        {
            Wrong.Add("what was sent again under its key was done again");
        }
    }

    private async Task<Chronicle> HistoryAsync()
    {
        var numbers = Numbers();
        var jobs = (await machine.Client.ListAsync(new(), Ct)).Value;
        return new Chronicle
        {
            Calls = caller.Calls,
            Jobs = [.. jobs.Select(job => new LastState(job.Id, int.Parse(job.Name!.Split('-')[^1], CultureInfo.InvariantCulture), job.State))],
            Stream = [.. (await machine.StreamAsync()).Select(frame => new Told(frame.Seq, frame.JobId ?? 0, Type(frame.Event)))],
            Targets =
            {
                ["hook"] = [.. machine.Hook.Requests.Snapshot().Select(request => Message(request.Headers["webhook-id"], request.Body))],
                ["mail"] = [.. machine.Mail.Mails.Snapshot().Select(mail => Message(mail.Message.MessageId!.Split('.')[0], mail.Raw))],
            },
        };

        Delivery Message(string uid, byte[] bytes) =>
            new(uid.GetHashCode(StringComparison.Ordinal), numbers.GetValueOrDefault(uid), Encoding.Latin1.GetString(bytes).GetHashCode(StringComparison.Ordinal), Taken: true);
    }

    /// <summary>A job that was started ran once, and no other did.</summary>
    private IEnumerable<string> Runs(Chronicle history)
    {
        var started = history.Stream.Where(told => told.Event == EventType.JobStarted).Select(told => told.Job).ToHashSet();
        foreach (var job in history.Jobs.Select(job => job.Job))
        {
            var file = Path.Combine(machine.Work, $"ran-{job}");
            var runs = File.Exists(file) ? File.ReadAllLines(file).Length : 0;
            if (runs != (started.Contains(job) ? 1 : 0))
            {
                yield return $"job {job} ran {runs} times";
            }
        }
    }

    private async Task<List<string>> ReservationsAsync(long reservation, Chronicle history)
    {
        var stored = (await machine.Client.ReservationsAsync(new(), Ct)).Value.Select(one => $"{one.Id} {one.Status}").ToList();
        var told = history.Stream.Select(told => told.Event).Where(type => type is EventType.ReservationCreated or EventType.ReservationCancelled).ToList();
        return stored is [var only] && only == $"{reservation} Cancelled" && told is [EventType.ReservationCreated, EventType.ReservationCancelled]
            ? []
            : [$"reservation {reservation} was made and cancelled; there are [{string.Join(", ", stored)}], of which was told {string.Join(' ', told)}"];
    }

    private IEnumerable<string> Missing(Chronicle history)
    {
        var jobs = history.Jobs.Select(job => (job.Operation, job.Job)).ToHashSet();
        var told = history.Stream.Select(told => (told.Job, told.Event)).ToHashSet();
        return from pair in caller.Acknowledged
               let wish = pair.Key
               where wish.Jobs > 0 ? !InsistentCaller.Ids(pair.Value).All(id => jobs.Contains((wish.Operation, id)))
                   : wish.Request is { } request && !told.Contains((wish.Job, Effects[request]))
               select $"{wish.Method} {wish.Path} was answered {pair.Value}, and is not there";
    }

    /// <summary>What is sent again under its key is answered as it was, byte for byte.</summary>
    private async Task<List<string>> ForgottenAsync()
    {
        var forgotten = new List<string>();
        foreach (var (wish, first) in caller.Acknowledged)
        {
            var again = await caller.TryAsync(wish);
            if (again != first)
            {
                forgotten.Add($"{wish.Method} {wish.Path} was answered {first}, and then {again}");
            }
        }

        return forgotten;
    }

    private static EventType Type(string name) => EventTypes.TryParse(name, out var type) ? type : throw new InvalidOperationException($"unknown event {name}");

    /// <summary>The numbers of all events, by their ids.</summary>
    private Dictionary<string, long> Numbers()
    {
        using var connection = new SqliteConnection($"Data Source={machine.Database};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT uid, seq FROM event";
        using var rows = command.ExecuteReader();
        var numbers = new Dictionary<string, long>();
        while (rows.Read())
        {
            numbers.Add(rows.GetString(0), rows.GetInt64(1));
        }

        return numbers;
    }
}
