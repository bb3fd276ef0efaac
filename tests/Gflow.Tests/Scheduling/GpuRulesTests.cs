using Gflow.Core;
using Gflow.Core.Gpus;
using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Scheduling;

/// <summary>What the GPUs of the machine are called, who has them, and what keeps them from jobs.</summary>
public sealed class GpuRulesTests
{
    private static readonly Dictionary<string, GpuFault> NoFaults = [];

    private readonly GpuRules _rules = new(GpuBoard.Empty);

    [Theory]
    [InlineData("a b c", "0=a 1=b 2=c")]
    [InlineData("c b a", "0=a 1=b 2=c")]
    [InlineData("b", "1=b")]
    [InlineData("b d", "0=d 1=b")]
    [InlineData("a b c d e", "0=a 1=b 2=c 3=d 4=e")]
    public void A_card_keeps_its_index_and_a_new_one_takes_the_lowest_that_is_not_there(string second, string expected)
    {
        Find("a b c");
        Find(second);
        Assert.Equal(expected, Slots(_rules));
    }

    [Fact]
    public void A_card_that_was_away_comes_back_under_its_own_index_unless_another_took_it()
    {
        Find("a b");
        Find("b");
        Find("b a");
        Assert.Equal("0=a 1=b", Slots(_rules));

        Find("new b");
        Find("new b a");
        Assert.Equal("0=new 1=b 2=a", Slots(_rules));
    }

    [Fact]
    public void A_card_that_is_missing_stays_out_of_order_with_its_reason_and_no_other_takes_its_index()
    {
        Find("a b");
        _rules.Found([new("b"), new("c")], NoFaults, Draft.Noon, static _ => false);
        Assert.Equal("0=a 1=b 2=c", Slots(_rules));
        Assert.Equal("nvml_query_failed(away)", Seen().Hindrance(_rules.Board.Slots[0])!.Reason);

        _rules.Found([new("c")], new Dictionary<string, GpuFault> { ["b"] = new(GpuRules.Lost, "is lost") }, Draft.Noon, static _ => false);
        Assert.Equal("It is lost", $"It {Seen().Hindrance(_rules.Board.Slots[1])!.Text}");

        Find("a b c");
        Assert.All(_rules.Board.Slots, gpu => Assert.Null(Seen().Hindrance(gpu)));
    }

    [Fact]
    public void What_changed_is_stored_and_nothing_else()
    {
        Find("a b");
        var again = new GpuRules(_rules.Board);
        again.Found([new("b"), new("c")], NoFaults, Draft.Noon, static _ => true);
        Assert.Equal(["c here"], again.Stored.Select(stored => $"{stored.Gpu.Uuid} {(stored.IsHere ? "here" : "away")}").Order());

        var fewer = new GpuRules(again.Board);
        fewer.Found([new("c")], NoFaults, Draft.Noon, static _ => true);
        Assert.Equal((1, false), (Assert.Single(fewer.Stored).Gpu.Index, fewer.Stored.Single().IsHere));

        var moved = new GpuRules(again.Board);
        moved.Found([new("b", BusId: "00000000:41:00.0"), new("c")], NoFaults, Draft.Noon, static _ => true);
        Assert.Equal("b", Assert.Single(moved.Stored).Gpu.Uuid);
    }

    [Fact]
    public void Cuda_counts_along_the_bus_whatever_the_cards_are_called_and_leaves_out_those_that_are_gone()
    {
        _rules.Found([new("a", BusId: "00000000:17:00.0"), new("b", BusId: "00000000:65:00.0"), new("c", BusId: "00000000:CA:00.0")], NoFaults, Draft.Noon, static _ => false);
        _rules.Found([new("b", BusId: "00000000:17:00.0"), new("c", BusId: "00000000:65:00.0"), new("a", BusId: "00000000:CA:00.0")], NoFaults, Draft.Noon, static _ => false);
        Assert.Equal([2, 0, 1], new[] { 0, 1, 2 }.Select(index => _rules.Board.PositionOf(index)));

        _rules.Found([new("c", BusId: "00000000:65:00.0"), new("a", BusId: "00000000:CA:00.0")], NoFaults, Draft.Noon, static _ => false);
        Assert.Equal([1, null, 0], new[] { 0, 1, 2 }.Select(index => _rules.Board.PositionOf(index)));
    }

    [Fact]
    public void The_gpus_of_an_unknown_job_are_free_once_nothing_is_left_of_it()
    {
        Find("a b");
        var run = new UnknownRun(new JobId(7), 2, 4711, [1]);
        var rules = new GpuRules(_rules.Board with { Unknown = [run] });
        var board = Board.Empty with { Gpus = rules.Board };
        Assert.Equal("unknown_job(7)", board.Hindrance(board.Gpus.Slots[1])!.Reason);
        Assert.Equal([true, false], board.Gpus.Slots.Select(board.IsFree));

        rules.Gone(run.Job, 1);
        Assert.Equal([run], rules.Board.Unknown);
        rules.Gone(run.Job, run.Attempt);
        Assert.All(board.Gpus.Slots, gpu => Assert.True((board with { Gpus = rules.Board }).IsFree(gpu)));
    }

    [Fact]
    public void Processes_of_others_keep_a_card_from_jobs_until_they_are_ignored_or_gone()
    {
        Find("a");
        var python = new GpuProcess(4411, 900) { User = "dana", Program = "python" };
        Read(python, new GpuProcess(4420, 950), new GpuProcess(1, 1) { IsHarmless = true });
        Assert.Equal("unmanaged(pid=4411,4420)", Hindrance()!.Reason);
        Assert.Equal("is used by process 4411 (python of dana), process 4420", Hindrance()!.Text);

        Assert.Equal(ProblemCode.NotAdministrator, _rules.Ignore(0, 4411, Draft.Bob).Problems[0].Kind);
        Assert.Contains("does not compute on GPU 0", _rules.Ignore(0, 4412, Draft.Alice).Problems[0].Message, StringComparison.Ordinal);
        Assert.Contains("no GPU 3", _rules.Ignore(3, 4411, Draft.Alice).Problems[0].Message, StringComparison.Ordinal);
        Assert.False(_rules.Ignore(0, 4411, Draft.Alice).Value);
        Assert.True(_rules.Ignore(0, 4411, Draft.Alice).Value);
        Assert.Equal("unmanaged(pid=4420)", Hindrance()!.Reason);

        // The same number, and another process.
        Read(python with { StartTime = 901 });
        Assert.Empty(_rules.Board.Ignored);
        Assert.Equal("unmanaged(pid=4411)", Hindrance()!.Reason);
        Read();
        Assert.Null(Hindrance());
        Assert.Equal(ProblemCode.NotFound, _rules.Mind(0, 4411, Draft.Alice).Problems[0].Kind);
    }

    [Fact]
    public void A_job_on_a_card_that_it_was_not_given_is_named()
    {
        Find("a b");
        var rules = new JobRules(JobBoard.Empty(default), new JobPolicy(TimeSpan.FromSeconds(10)), Draft.Noon);
        var job = rules.Submit(Draft.Job(gpus: 1), EndedDependencies.None);
        rules.Start(job.Id, [1]);
        Read(new GpuProcess(500, 1) { Job = job.Id });
        var board = Seen() with { Jobs = rules.Board };
        Assert.Equal("job_without_it(job=1,pid=500)", board.Hindrance(board.Gpus.Slots[0])!.Reason);
        Assert.Contains("job 1", board.Hindrance(board.Gpus.Slots[0])!.Text, StringComparison.Ordinal);
        Assert.Null(board.Hindrance(board.Gpus.Slots[1]));

        // Over, and with it all that an earlier look saw.
        rules.NotStarted(job.Id, 1, "no");
        Assert.True((Seen() with { Jobs = rules.Board }).IsFree(board.Gpus.Slots[0]));
    }

    [Theory]
    [InlineData(1024, 1024, null)]
    [InlineData(1025, 1024, "unmanaged(memory=1025M)")]
    [InlineData(90_000, 0, null)]
    [InlineData(null, 1024, null)]
    public void Memory_that_nobody_is_seen_to_use_counts_as_used_by_others(int? used, int floor, string? reason)
    {
        Find("a");
        _rules.Read("a", new GpuReading(Draft.Noon) { OthersMemoryMb = used });
        Assert.Equal(reason, (Seen() with { Limits = new Limits { GpuMemoryFloorMb = floor } }).Hindrance(_rules.Board.Slots[0])?.Reason);
    }

    [Fact]
    public void A_restriction_is_of_the_cards_and_ends_with_another_word()
    {
        Find("a b c");
        Assert.Equal(ProblemCode.NotAdministrator, _rules.Restrict([0], "all", Draft.Bob).Problems[0].Kind);
        Assert.Contains("no GPU 9", _rules.Restrict([0, 9], "all", Draft.Alice).Problems[0].Message, StringComparison.Ordinal);
        Assert.Equal([0, 2], _rules.Restrict([2, 0, 2], "all", Draft.Alice).Value!);
        Assert.Equal([true, false, true], _rules.Board.Slots.Select(Seen().IsAllowed));
        Assert.Equal("not_allowed(gctl set-gpus)", Seen().Hindrance(_rules.Board.Slots[1])!.Reason);

        // Another card in its place is not the one that was allowed.
        Find("b c d");
        Assert.Equal("0=d 1=b 2=c", Slots(_rules));
        Assert.Equal([false, false, true], _rules.Board.Slots.Select(Seen().IsAllowed));

        Assert.False(_rules.Configured(new Limits()));
        Assert.True(_rules.Configured(new Limits { AllowedGpus = new HashSet<int> { 1 } }));
        Assert.Null(_rules.Board.Restriction);

        Assert.Null(_rules.Restrict(null, "1", Draft.Alice).Value);
        Assert.All(_rules.Board.Slots, gpu => Assert.True((Seen() with { Limits = new Limits { AllowedGpus = new HashSet<int> { 1 } } }).IsAllowed(gpu)));
        Assert.True(_rules.FollowConfiguration(Draft.Alice).Ok);
        Assert.Equal([false, true, false], _rules.Board.Slots.Select((Seen() with { Limits = new Limits { AllowedGpus = new HashSet<int> { 1 } } }).IsAllowed));
    }

    /// <summary>These are all there are, in order and used by nobody.</summary>
    private void Find(string uuids)
    {
        var cards = uuids.Split(' ').Select(uuid => new GpuCard(uuid)).ToList();
        _rules.Found(cards, NoFaults, Draft.Noon, static _ => true);
        cards.ForEach(card => _rules.Read(card.Uuid, new GpuReading(Draft.Noon)));
    }

    private void Read(params GpuProcess[] processes) => _rules.Read("a", new GpuReading(Draft.Noon) { Processes = [.. processes] });

    private Board Seen() => Board.Empty with { Gpus = _rules.Board };

    private GpuHindrance? Hindrance() => Seen().Hindrance(_rules.Board.Slots[0]);

    private static string Slots(GpuRules rules) => string.Join(' ', rules.Board.Slots.Select(gpu => $"{gpu.Index}={gpu.Uuid}"));
}
