using Gflow.Daemon.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Gflow.Tests.Http;

public sealed class ConnectionSeatsTests
{
    private readonly ConnectionSeats _seats = new(8, () => null);

    [Fact]
    public void A_user_who_has_all_of_his_gives_up_the_one_idle_longest_and_nobody_elses()
    {
        var other = Connect(2);
        var (first, second) = (Connect(1), Connect(1));
        var third = Connect(1);
        Assert.True(first.IsClosed);
        Assert.False(other.IsClosed || second.IsClosed || third.IsClosed);
    }

    [Fact]
    public async Task A_connection_with_a_request_stays_and_the_one_asked_last_is_the_last_to_go()
    {
        var (first, second) = (Connect(1), Connect(1));
        await first.RequestAsync();
        var third = Connect(1);
        Assert.False(first.IsClosed);
        Assert.True(second.IsClosed);

        var (answer, other) = (new TaskCompletionSource(), new TaskCompletionSource());
        var request = first.RequestAsync(answer.Task);
        var fourth = Connect(1);
        Assert.True(third.IsClosed);
        var another = fourth.RequestAsync(other.Task);
        Assert.True(Connect(1).IsClosed, "all of the user's are in use, so he gets no further one");
        answer.SetResult();
        await request;
        other.SetResult();
        await another;
        Assert.False(Connect(1).IsClosed);
        Assert.True(first.IsClosed);
    }

    [Fact]
    public void When_all_are_taken_who_has_most_gives_one_up()
    {
        List<Connection> many = [.. Enumerable.Range(1, 7).Select(user => Connect((uint)user))];
        var twice = Connect(3);
        Assert.False(Connect(9).IsClosed);
        Assert.Equal([3], Enumerable.Range(1, 7).Where(user => many[user - 1].IsClosed));
        Assert.False(twice.IsClosed);
    }

    [Fact]
    public void What_has_gone_makes_room()
    {
        var (first, second) = (Connect(null), Connect(null));
        first.HangUp();
        Assert.False(Connect(null).IsClosed);
        Assert.False(second.IsClosed);
    }

    [Fact]
    public void Less_than_a_users_part_can_be_set_and_more_cannot()
    {
        int? most = 3;
        var seats = new ConnectionSeats(16, () => most);
        List<Connection> four = [.. Enumerable.Range(0, 4).Select(_ => new Connection(seats, 1))];
        Assert.Equal([true, false, false, false], four.Select(one => one.IsClosed));
        most = 1000;
        List<Connection> more = [.. Enumerable.Range(0, 2).Select(_ => new Connection(seats, 1))];
        Assert.Equal([true, true, false, false], four.Select(one => one.IsClosed));
        Assert.DoesNotContain(more, one => one.IsClosed);
    }

    private Connection Connect(uint? uid) => new(_seats, uid);

    private sealed class Connection : DefaultConnectionContext
    {
        private readonly ConnectionSeats _seats;
        private readonly TaskCompletionSource _ended = new();

        public Connection(ConnectionSeats seats, uint? uid)
        {
            _seats = seats;
            Features.Set(new Peer(uid, null));
            _ = seats.AtAccept(_ => _ended.Task)(this);
        }

        public bool IsClosed { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason) => IsClosed = true;

        public void HangUp() => _ended.SetResult();

        public Task RequestAsync(Task? until = null) => _seats.InvokeAsync(new DefaultHttpContext(Features), _ => until ?? Task.CompletedTask);
    }
}
