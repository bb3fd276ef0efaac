using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;

namespace Gflow.Tests.Scheduling;

/// <summary>What the GPUs of the machine are called, and who has them.</summary>
public sealed class GpuRulesTests
{
    private readonly GpuRules _rules = new(GpuBoard.Empty);

    [Theory]
    [InlineData("a b c", "0=a 1=b 2=c")]
    [InlineData("c b a", "0=a 1=b 2=c")]
    [InlineData("b", "1=b")]
    [InlineData("b d", "0=d 1=b")]
    [InlineData("a b c d e", "0=a 1=b 2=c 3=d 4=e")]
    public void A_card_keeps_its_index_and_a_new_one_takes_the_lowest_that_is_not_there(string second, string expected)
    {
        _rules.Read(["a", "b", "c"]);
        _rules.Read(second.Split(' '));
        Assert.Equal(expected, string.Join(' ', _rules.Board.Slots.Select(gpu => $"{gpu.Index}={gpu.Uuid}")));
    }

    [Fact]
    public void A_card_that_was_away_comes_back_under_its_own_index_unless_another_took_it()
    {
        _rules.Read(["a", "b"]);
        _rules.Read(["b"]);
        _rules.Read(["b", "a"]);
        Assert.Equal([(0, "a"), (1, "b")], _rules.Board.Slots.Select(gpu => (gpu.Index, gpu.Uuid)));

        _rules.Read(["new", "b"]);
        _rules.Read(["new", "b", "a"]);
        Assert.Equal([(0, "new"), (1, "b"), (2, "a")], _rules.Board.Slots.Select(gpu => (gpu.Index, gpu.Uuid)));
    }

    [Fact]
    public void What_was_named_anew_is_told_and_nothing_else()
    {
        _rules.Read(["a", "b"]);
        var again = new GpuRules(_rules.Board);
        again.Read(["b", "c"]);
        Assert.Equal([(0, "c")], again.Named.Select(gpu => (gpu.Index, gpu.Uuid)));
    }

    [Fact]
    public void The_gpus_of_an_unknown_job_are_free_once_nothing_is_left_of_it()
    {
        _rules.Read(["a", "b"]);
        var run = new UnknownRun(new JobId(7), 2, 4711, [1]);
        var rules = new GpuRules(_rules.Board with { Unknown = [run] });
        var board = Board.Empty with { Gpus = rules.Board };
        Assert.Equal("unknown_job(7)", board.Hindrance(board.Gpus.Slots[1]));
        Assert.Equal([true, false], board.Gpus.Slots.Select(board.IsFree));

        rules.Gone(run.Job, 1);
        Assert.Equal([run], rules.Board.Unknown);
        rules.Gone(run.Job, run.Attempt);
        Assert.All(board.Gpus.Slots, gpu => Assert.True((board with { Gpus = rules.Board }).IsFree(gpu)));
    }
}
