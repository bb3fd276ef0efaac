using System.Text;
using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;
using Microsoft.Data.Sqlite;

namespace Gflow.Tests.Engine;

public sealed class RequestKeyTests
{
    [Fact]
    public async Task A_repeat_gets_the_first_answer_after_a_restart_too_and_has_no_effect()
    {
        await using var home = await EngineHome.StartAsync();
        var first = await SubmitAsync(home, Key());
        Assert.Equal((201, "job 1", "/jobs/1"), Text(first));

        Assert.Equal(Text(first), Text(await SubmitAsync(home, Key())));
        await home.RestartAsync();
        Assert.Equal(Text(first), Text(await SubmitAsync(home, Key())));

        Assert.Equal(1, home.Count("SELECT count(*) FROM job"));
        Assert.Equal((201, "job 2", "/jobs/2"), Text(await SubmitAsync(home, Key("another"))));
    }

    [Fact]
    public async Task Of_many_that_come_at_once_one_is_done_and_all_get_its_answer()
    {
        await using var home = await EngineHome.StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => SubmitAsync(home, Key()))));

        Assert.All(answers, answer => Assert.Equal((201, "job 1", "/jobs/1"), Text(answer)));
        Assert.Equal(1, home.Count("SELECT count(*) FROM job"));
    }

    [Fact]
    public async Task The_key_of_another_request_is_refused_and_stays_that_requests()
    {
        await using var home = await EngineHome.StartAsync();
        await SubmitAsync(home, Key());

        var problem = Assert.Single((await SubmitAsync(home, Key(request: "another"))).Problems);

        Assert.Equal(("idempotency_key_reused", "Idempotency-Key"), (problem.Code, problem.Field));
        Assert.Equal(1, home.Count("SELECT count(*) FROM job"));
        Assert.Equal((201, "job 1", "/jobs/1"), Text(await SubmitAsync(home, Key())));
    }

    [Fact]
    public async Task The_same_key_of_another_user_names_another_request()
    {
        await using var home = await EngineHome.StartAsync();

        Assert.Equal("job 1", Text(await SubmitAsync(home, Key())).Body);
        Assert.Equal("job 2", Text(await SubmitAsync(home, Key(uid: 1001, request: "another"))).Body);
        Assert.Equal("job 1", Text(await SubmitAsync(home, Key())).Body);
    }

    [Fact]
    public async Task A_refusal_is_no_first_answer()
    {
        await using var home = await EngineHome.StartAsync();

        var refused = await home.Engine.AskAsync(Key().Once((_, _) => new Problem(ProblemCode.WrongState, "Not now.")), EngineHome.Alice, EngineHome.Patience);

        Assert.Equal("wrong_state", Assert.Single(refused.Problems).Code);
        Assert.Equal("job 1", Text(await SubmitAsync(home, Key())).Body);
    }

    [Fact]
    public async Task What_could_not_be_stored_is_done_by_the_repeat()
    {
        await using var home = await EngineHome.StartAsync();
        Turn<Answer> keyed = Key().Once(Submit);

        var refused = await home.Engine.AskAsync<Answer>(
            (batch, by) =>
            {
                keyed(batch, by);
                throw new SqliteException("database or disk is full", 13);
            },
            EngineHome.Alice,
            EngineHome.Patience);

        Assert.Equal("store_unavailable", Assert.Single(refused.Problems).Code);
        Assert.Equal("job 1", Text(await SubmitAsync(home, Key())).Body);
        Assert.Equal(1, home.Count("SELECT count(*) FROM job"));
    }

    [Fact]
    public async Task After_a_day_the_key_is_free_and_its_row_goes()
    {
        await using var home = await EngineHome.StartAsync();
        await SubmitAsync(home, Key());

        home.Time.Advance(RequestKey.Lifetime - TimeSpan.FromMinutes(1));
        Assert.Equal("job 1", Text(await SubmitAsync(home, Key())).Body);
        home.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("job 2", Text(await SubmitAsync(home, Key())).Body);

        for (var hour = 0; hour <= 25; hour++)
        {
            home.Time.Advance(TimeSpan.FromHours(1));
        }

        await EngineHome.UntilAsync(() => home.Count("SELECT count(*) FROM answer") == 0);
    }

    [Fact]
    public async Task More_than_a_slice_of_old_answers_goes_too()
    {
        await using var home = await EngineHome.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 1_100).Select(number => SubmitAsync(home, Key($"key {number}"))));
        Assert.Equal(1_100, home.Count("SELECT count(*) FROM answer"));

        home.Time.Advance(TimeSpan.FromDays(2));

        await EngineHome.UntilAsync(() => home.Count("SELECT count(*) FROM answer") == 0);
    }

    private static RequestKey Key(string text = "key", uint uid = 1000, string request = "a request") => new(uid, text, Encoding.UTF8.GetBytes(request));

    private static Task<Result<Answer>> SubmitAsync(EngineHome home, RequestKey key) => home.Engine.AskAsync(key.Once(Submit), EngineHome.Alice, EngineHome.Patience);

    private static Result<Answer> Submit(EngineBatch batch, Actor by)
    {
        var job = batch.Rules.Submit(Draft.Job(gpus: 9), EndedDependencies.None);
        return new Answer(201, Encoding.UTF8.GetBytes($"job {job.Id}"), $"/jobs/{job.Id}");
    }

    private static (int Status, string Body, string? Location) Text(Result<Answer> answer) =>
        (answer.Value.Status, Encoding.UTF8.GetString(answer.Value.Body), answer.Value.Location);
}
