using Gflow.Daemon.Engine;

namespace Gflow.Tests.Engine;

/// <summary>Whoever asks for much has others wait for one request of his, and not for all.</summary>
public sealed class CommandQueueTests
{
    private readonly CommandQueue _queue = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Users_take_turns_and_each_ones_order_stays()
    {
        await AddAsync("bob 1", "bob 2", "bob 3", "ana 1", "bob 4", "carla 1", "ana 2");
        Assert.Equal(["bob 1", "ana 1", "carla 1", "bob 2"], Take(4));
        await AddAsync("bob 5");
        Assert.Equal(["ana 2", "bob 3", "bob 4", "bob 5"], Take(100));
    }

    [Fact]
    public async Task Who_has_not_waited_yet_comes_before_those_who_have_more()
    {
        await AddAsync("bob 1", "bob 2", "carla 1", "carla 2");
        Assert.Equal(["bob 1"], Take(1));
        await AddAsync("ana 1", "ana 2");
        Assert.Equal(["carla 1", "ana 1", "bob 2", "carla 2", "ana 2"], Take(100));
    }

    [Fact]
    public async Task What_has_happened_comes_before_what_is_asked_for()
    {
        await AddAsync("bob 1", "news 1", "news 2", "ana 1");
        Assert.Equal(["news 1", "news 2", "bob 1"], Take(3));
    }

    [Fact]
    public async Task Much_work_is_a_batch_of_its_own()
    {
        await AddAsync(1000, "bob 1", "bob 2");
        Assert.Equal(["bob 1"], Take(512));
        await AddAsync("ana 1", "ana 2");
        Assert.Equal(["ana 1"], Take(512));
        Assert.Equal(["bob 2"], Take(512));
        Assert.Equal(["ana 2"], Take(512));
    }

    [Fact]
    public async Task What_is_left_is_there_when_nothing_more_is_taken_in()
    {
        await AddAsync("bob 1", "bob 2");
        Assert.True(await _queue.WaitAsync());
        Assert.Equal(["bob 1"], Take(1));
        _queue.Complete();
        Assert.True(await _queue.WaitAsync());
        Assert.Equal(["bob 2"], Take(1));
        Assert.False(await _queue.WaitAsync());
    }

    private Task AddAsync(params string[] commands) => AddAsync(1, commands);

    private async Task AddAsync(int work, params string[] commands)
    {
        foreach (var command in commands)
        {
            await _queue.AddAsync(new Named(command, work), Ct);
        }
    }

    private List<string> Take(int work)
    {
        List<EngineCommand> taken = [];
        _queue.TakeInto(taken, work);
        return taken.ConvertAll(command => ((Named)command).Name);
    }

    private sealed class Named(string name, int work) : EngineCommand
    {
        public string Name => name;

        public override uint? User => name[0] == 'n' ? null : name[0];

        public override int Work => work;

        public override void Apply(EngineBatch batch)
        {
        }
    }
}
