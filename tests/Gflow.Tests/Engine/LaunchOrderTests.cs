using System.Threading.Channels;
using Gflow.Core.Events;
using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Execution;
using Gflow.Tests.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gflow.Tests.Engine;

/// <summary>The launcher answers on one road and reports on another: a job's end is the same whatever arrives first.</summary>
public sealed class LaunchOrderTests
{
    private const uint Id = 1;
    private const int First = 0, Second = 1;

    private static readonly JobPolicy Policy = new(TimeSpan.FromSeconds(10));
    private static readonly ExecutorReport Left = End(remaining: 1), Over = End(remaining: 0), Gone = new ExecutorReport.Gone(Id, 1);
    private static readonly ExecutorReport Found = new ExecutorReport.Reconnected([new ExecutorJob(Id, 1, 77, Draft.Noon, true)], Second);
    private static readonly ExecutorReport Lost = new ExecutorReport.Reconnected([], Second);
    private static readonly ExecutorReport LostAgain = new ExecutorReport.Reconnected([], Second + 1);

    /// <summary>What the launcher may report of a job that ended with exit code 4, repeats included, in its order.</summary>
    private static readonly ExecutorReport[][] Reports =
    [
        [Over], [Left, Gone], [Left, Gone, Gone], [Over, Over], [Left, Left, Gone],
        [Found, Over], [Found, Left, Gone], [Left, Found, Left, Gone], [Left, Found, Over], [Left, Gone, Found, Over], [Over, Found, Over], [Left, Gone, Found, Left, Gone],
    ];

    [Fact]
    public async Task Every_order_of_answer_and_reports_gives_the_same_end()
    {
        foreach (var reports in Reports)
        {
            for (var answerAt = 0; answerAt <= reports.Length; answerAt++)
            {
                // Asked again over the new connection, or answered by the old one.
                foreach (var connection in new[] { First, Second })
                {
                    await AssertEndAsync(reports, answerAt, connection, new JobEnd.Failed(4, null, null), cancelled: false);
                    await AssertEndAsync(reports, answerAt, connection, new JobEnd.Cancelled("alice", null, 4, null), cancelled: true);
                }
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public Task A_job_that_the_next_launcher_does_not_have_is_lost_even_when_its_start_is_told_later(int answerAt) =>
        AssertEndAsync([Lost], answerAt, First, new JobEnd.Failed(null, null, "the job's processes are gone and its exit code was lost"), cancelled: false);

    /// <summary>Nor when its start is told before the change of launchers, whose list of jobs is older.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public Task A_job_that_the_next_launcher_started_is_not_lost(int answerAt) =>
        AssertEndAsync([Lost, Left, Gone], answerAt, Second, new JobEnd.Failed(4, null, null), cancelled: false);

    [Fact]
    public Task A_job_of_the_next_launcher_is_lost_with_that() =>
        AssertEndAsync([Lost, LostAgain], 0, Second, new JobEnd.Failed(null, null, "the job's processes are gone and its exit code was lost"), cancelled: false);

    /// <summary>Tries every way to cut the news into batches, each of which is tried twice as after a disk that was full.</summary>
    private static async Task AssertEndAsync(ExecutorReport[] reports, int answerAt, int connection, JobEnd expected, bool cancelled)
    {
        var count = reports.Length + 1;
        for (var cuts = 0; cuts < 1 << (count - 1); cuts++)
        {
            var told = Channel.CreateUnbounded<EngineCommand>();
            using var launched = new LaunchReports(command => told.Writer.WriteAsync(command), NullLogger<LaunchReports>.Instance);
            var channel = Channel.CreateUnbounded<ExecutorReport>();
            launched.Follow(channel.Reader);
            var (board, job) = Starting(cancelled);
            var news = new List<EngineCommand>();
            for (var at = 0; at < count; at++)
            {
                if (at == answerAt)
                {
                    news.Add(launched.Launched(job, new LaunchOutcome.Started(77, Draft.Noon) { Connection = connection }));
                }
                else
                {
                    channel.Writer.TryWrite(reports[at < answerAt ? at : at - 1]);
                    news.Add(await told.Reader.ReadAsync(TestContext.Current.CancellationToken));
                }
            }

            var events = new List<JobEvent>();
            var ends = new List<Job>();
            for (var at = 0; at < count;)
            {
                var size = 1;
                while (at + size < count && (cuts & (1 << (at + size - 1))) == 0)
                {
                    size++;
                }

                JobChanges changes = null!;
                for (var attempt = 0; attempt < 2; attempt++)
                {
                    var batch = new EngineBatch(board, Policy, null!, null!, Draft.Noon);
                    news.GetRange(at, size).ForEach(command => command.Apply(batch));
                    changes = batch.Rules.Changes();
                }

                news.GetRange(at, size).ForEach(command => command.Committed());
                board = board with { Jobs = changes.Board };
                events.AddRange(changes.Events.OfType<JobEvent>());
                ends.AddRange(changes.Jobs.Where(changed => changed.State.IsFinal()));
                at += size;
            }

            var said = $"{string.Join(", ", reports.Select(report => report.GetType().Name))}; answered at {answerAt} over {connection}, cut as {cuts}";
            Assert.True(ends.Count == 1, $"{ends.Count} ends: {said}");
            Assert.True(expected == ((JobStatus.Ended)ends[0].Status).End, $"{ends[0].Status}: {said}");
            Assert.True(board.Jobs.Occupied.IsEmpty && board.Jobs.Live.IsEmpty, said);
            Assert.Equal(2, events.Count);
            Assert.Equal(EventType.JobStarted, events[0].Type);
        }
    }

    private static (Board Board, Job Job) Starting(bool cancelled)
    {
        var rules = new JobRules(JobBoard.Empty(default), Policy, Draft.Noon);
        var id = rules.Submit(Draft.Job(), EndedDependencies.None).Id;
        rules.Start(id, [0]);
        var job = rules.Find(id)!;
        if (cancelled)
        {
            rules.Cancel(id, Draft.Alice);
        }

        return (Draft.Board(rules.Board, 1), job);
    }

    private static ExecutorReport.Exited End(int remaining) => new(Id, 1, 4, null, Draft.Noon, ResourceUsage.None, remaining, MachineRestarted: false);
}
