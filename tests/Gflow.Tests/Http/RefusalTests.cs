using System.Text;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Submission;
using Gflow.Daemon.Http;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Http;

/// <summary>What the sweep found.</summary>
public sealed class RefusalTests
{
    [Fact]
    public void A_refusal_does_not_grow_with_what_it_refuses()
    {
        var many = Refusal.Of([.. Enumerable.Range(0, 10_000).Select(i => new Problem(ProblemCode.Invalid, $"'a{i}' is wrong.", $"a{i}"))]);
        Assert.Equal(Refusal.MostProblems, many.Problems.Count);
        Assert.EndsWith("; and 9980 problems more", many.Error, StringComparison.Ordinal);

        var text = string.Concat(Enumerable.Repeat("😀", 500_000));
        var large = Refusal.Of([new Problem(ProblemCode.Invalid, $"'mode' is '{text}x'; there are All and Any.", text)]);
        Assert.InRange(large.Error.Length, 1000, 2001);
        Assert.StartsWith("'mode' is '", large.Error, StringComparison.Ordinal);
        Assert.EndsWith("there are All and Any.", large.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(large.Error + large.Problems[0].Field)));
    }

    [Theory]
    [InlineData("{\"gpus\":1,\"gpus\":2}", "gpus")]
    [InlineData("{\"environment\":{\"A\":\"1\",\"A\":\"2\"}}", "environment.A")]
    [InlineData("{\"command\":\"a\",\"notifications\":{\"emails\":[\"a\"],\"events\":[],\"emails\":[]}}", "notifications.emails")]
    public void A_name_that_stands_twice_is_named_with_its_path(string body, string path) =>
        Assert.Equal(path, Assert.Single(RequestBody.Parse(Encoding.UTF8.GetBytes(body), WireJson.Default.SubmissionDraft).Problems).Field);

    [Fact]
    public void A_name_that_stands_twice_in_a_batch_is_named_with_its_job() =>
        Assert.Equal("[1].gpus", Assert.Single(RequestBody.Parse("[{\"gpu_indices\":[1,2]},{\"gpus\":1,\"gpus\":2}]"u8, WireJson.Default.ListSubmissionDraft).Problems).Field);

    [Fact]
    public void Bytes_that_are_no_text_in_a_field_that_is_not_there_yet_are_refused_and_no_fault()
    {
        var draft = RequestBody.Parse([.. "{\"command\":\"true\",\"run_dir\":\"/\",\"conda_env\":\""u8, 0xFF, 0xFE, .. "\"}"u8], WireJson.Default.SubmissionDraft);
        var problem = Assert.Single(SubmissionRules.Check(draft.Value, Draft.Policy).Problems);
        Assert.Equal(("not_available", "conda_env"), (problem.Code, problem.Field));
    }

    [Fact]
    public void Of_a_million_unknown_events_those_are_told_that_somebody_would_read()
    {
        var draft = new SubmissionDraft { Command = "true", RunDir = "/", Notifications = new() { Events = [.. Enumerable.Range(0, 1_000_000).Select(i => $"event{i}")] } };
        Assert.InRange(SubmissionRules.Check(draft, Draft.Policy).Problems.Count, 20, 40);
    }

    [Fact]
    public void The_older_spelling_of_a_name_is_named_as_it_was_spelled() =>
        Assert.Equal("run_name", Assert.Single(SubmissionRules.Check(new() { Command = "true", RunDir = "/", RunName = "a\0" }, Draft.Policy).Problems).Field);
}
