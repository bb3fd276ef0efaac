using System.Text;
using System.Text.RegularExpressions;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Daemon.Http;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Http;

public sealed partial class BodyTests
{
    [Theory]
    [InlineData("{\"command\":", "malformed_json", "line 1, byte 12")]
    [InlineData("{\"gpus\":1,,}", "malformed_json", "line 1, byte 11")]
    [InlineData("{\"gpus\":\"two\"}", "wrong_type", "gpus: wrong type or value out of range; expected a whole number")]
    [InlineData("{\"gpus\":1.5}", "wrong_type", "gpus")]
    [InlineData("{\"gpus\":99999999999999999999}", "wrong_type", "gpus")]
    [InlineData("{\"command\":7}", "wrong_type", "expected a text")]
    [InlineData("{\"auto_cancel_on_dependency_failure\":1}", "wrong_type", "expected true or false")]
    [InlineData("{\"depends_on_ids\":[1,\"x\"]}", "wrong_type", "depends_on_ids[1]")]
    [InlineData("{\"time_limit\":60}", "wrong_type", "secs")]
    [InlineData("{\"script_content\":\"%%\"}", "wrong_type", "base64")]
    [InlineData("{\"environment\":[]}", "wrong_type", "an object of texts")]
    [InlineData("{\"gpus\":1,\"gpus\":2}", "repeated_name", "The name \"gpus\" is there twice")]
    [InlineData("{\"unknown\":{\"a\":1,\"a\":2}}", "repeated_name", "The name \"a\" is there twice")]
    [InlineData("{\"environment\":{\"A\":\"1\",\"\\u0041\":\"2\"}}", "repeated_name", "\"A\"")]
    [InlineData("[]", "wrong_type", "The body must be an object")]
    [InlineData("null", "wrong_type", "not null")]
    [InlineData("7", "wrong_type", "an object")]
    public void What_is_wrong_with_a_body_is_said_in_words_of_json(string body, string code, string part)
    {
        var problem = Assert.Single(RequestBody.Parse(Encoding.UTF8.GetBytes(body), WireJson.Default.SubmissionDraft).Problems);
        Assert.Equal(code, problem.Code);
        Assert.Contains(part, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Problems_in_a_batch_name_the_element()
    {
        var problem = Assert.Single(RequestBody.Parse("[{\"command\":\"a\"},{\"gpus\":\"x\"}]"u8, WireJson.Default.ListSubmissionDraft).Problems);
        Assert.Equal("[1].gpus", problem.Field);
        Assert.Contains("a whole number", problem.Message, StringComparison.Ordinal);
        Assert.Equal("wrong_type", Assert.Single(RequestBody.Parse("[null]"u8, WireJson.Default.ListSubmissionDraft).Problems).Code);
    }

    [Theory]
    [InlineData("[", 65, "]", "nested more than 64 levels deep")]
    [InlineData("{\"a\":", 65, "", "nested more than 64 levels deep")]
    [InlineData("[", 100_000, "", "nested more than 64 levels deep")]
    public void A_body_deeper_than_a_reader_follows_is_refused_for_that(string opening, int levels, string closing, string part)
    {
        string Nested(int depth) => string.Concat(Enumerable.Repeat(opening, depth)) + string.Concat(Enumerable.Repeat(closing, depth));
        Assert.Contains(part, Assert.Single(RequestBody.Parse(Encoding.UTF8.GetBytes(Nested(levels)), WireJson.Default.SubmissionDraft).Problems).Message, StringComparison.Ordinal);
        Assert.Null(BodyShape.Fault(Encoding.UTF8.GetBytes(Nested(64))));
    }

    [Theory]
    [InlineData("{0}", 1000, true)]
    [InlineData("{0}", 1001, false)]
    [InlineData("[{0},{0}]", 1000, true)]
    [InlineData("[{{}},{0}]", 1001, false)]
    [InlineData("{{\"environment\":{0},\"a\":[{0}]}}", 5000, true)]
    public void An_object_has_a_thousand_fields_and_what_is_within_it_more(string form, int fields, bool isFine)
    {
        var crowded = "{" + string.Join(',', Enumerable.Range(0, fields).Select(i => $"\"u{i}\":\"\"")) + "}";
        var problem = BodyShape.Fault(Encoding.UTF8.GetBytes(string.Format(System.Globalization.CultureInfo.InvariantCulture, form, crowded)));
        Assert.Equal(isFine, problem is null);
        Assert.True(isFine || problem!.Message.Contains("more than 1000 fields", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("[{0}]", "{{}}", 1000, true)]
    [InlineData("[{0}]", "{{}}", 1001, false)]
    [InlineData("{{\"arguments\":[{0}]}}", "\"\"", 299_998, true)]
    [InlineData("{{\"arguments\":[{0}]}}", "\"\"", 299_999, false)]
    public void A_body_has_no_more_parts_than_anybody_has_use_for(string form, string part, int count, bool isFine)
    {
        var parts = string.Join(',', Enumerable.Repeat(part.Replace("{{}}", "{}", StringComparison.Ordinal), count));
        var problem = BodyShape.Fault(Encoding.UTF8.GetBytes(string.Format(System.Globalization.CultureInfo.InvariantCulture, form, parts)));
        Assert.Equal(isFine ? null : "too_many", problem?.Code);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_refused() =>
        Assert.False(RequestBody.Parse([.. "{\"command\":\""u8, 0xFF, 0xFE, .. "\"}"u8], WireJson.Default.SubmissionDraft).Ok);

    [Theory]
    [InlineData(1)]
    [InlineData(LargeValues.Large)]
    public void Texts_and_bytes_mean_the_same_whatever_their_length(int length)
    {
        var text = new string('x', length);
        var read = Draft($$"""{"command":"{{text}}\u00e4\n","environment":{"A":"\ud83d\ude00{{text}}" } }""").Value;
        Assert.Equal((text + "ä\n", "😀" + text), (read.Command, read.Environment!["A"]));

        var bytes = Encoding.UTF8.GetBytes(text);
        var encoded = Convert.ToBase64String(bytes);
        Assert.Equal(bytes, Draft($$"""{"script_content":"{{encoded}}"}""").Value.ScriptContent);
        Assert.Equal(bytes, Draft($$"""{"script_content":"\u{{(int)encoded[0]:x4}}{{encoded[1..]}}"}""").Value.ScriptContent);
        Assert.Null(Draft("""{"script_content":null,"command":null}""").Value.ScriptContent);
    }

    [Theory]
    [InlineData("""{"script_content":"{0}-"}""", "script_content")]
    [InlineData("""{"script_content":"{0}\u002d"}""", "script_content")]
    [InlineData("""{"command":"\ud800{0}"}""", "command")]
    public void What_is_no_text_or_no_base64_is_refused_whatever_its_length(string body, string field)
    {
        var problems = ((int[])[4, LargeValues.Large]).Select(length =>
            Assert.Single(Draft(body.Replace("{0}", new string('A', length), StringComparison.Ordinal)).Problems)).ToList();
        Assert.Equal(problems[0].Code, problems[1].Code);
        Assert.Equal([field, field], problems.Select(problem => problem.Field));
    }

    [Theory]
    [InlineData("""{"unknown":"{0}","gpus":1}""")]
    [InlineData("""{"unknown":{"a":["{0}"],"b":null},"gpus":1}""")]
    public void Fields_nobody_knows_are_told_whatever_their_length(string body)
    {
        foreach (var length in (int[])[1, LargeValues.Large])
        {
            var read = Draft(body.Replace("{0}", new string('x', length), StringComparison.Ordinal)).Value;
            Assert.Equal(1, read.Gpus);
            Assert.Equal(["unknown"], read.Others!.Keys);
        }
    }

    [Fact]
    public void Bytes_that_are_no_text_are_refused_whatever_their_length() =>
        Assert.Equal("command", Assert.Single(RequestBody.Parse(
            [.. "{\"command\":\"\\n"u8, .. Enumerable.Repeat((byte)'x', LargeValues.Large), 0xFF, .. "\"}"u8], WireJson.Default.SubmissionDraft).Problems).Field);

    [Theory]
    [InlineData("""{"{0}":1}""")]
    [InlineData("""[{"environment":{"{0}":"1"}}]""")]
    public void A_name_is_no_longer_than_anybody_has_use_for(string body)
    {
        Assert.Null(Shape(BodyShape.LongestName));
        Assert.Contains("a name of more than 131072 bytes", Shape(BodyShape.LongestName + 1)!.Message, StringComparison.Ordinal);

        Problem? Shape(int length) => BodyShape.Fault(Encoding.UTF8.GetBytes(body.Replace("{0}", new string('x', length), StringComparison.Ordinal)));
    }

    private static Result<SubmissionDraft> Draft(string body) => RequestBody.Parse(Encoding.UTF8.GetBytes(body), WireJson.Default.SubmissionDraft);

    [Fact]
    public void A_byte_order_mark_is_no_harm() =>
        Assert.Equal("a", RequestBody.Parse("\uFEFF{\"command\":\"a\"}"u8, WireJson.Default.SubmissionDraft).Value.Command);

    [Theory]
    [InlineData("command")]
    [InlineData("gpus")]
    [InlineData("priority")]
    [InlineData("dependency_mode")]
    [InlineData("auto_cancel_on_dependency_failure")]
    public async Task An_update_that_clears_what_no_job_can_be_without_is_refused(string field)
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"gpus\":2");
        var waiting = await daemon.SubmitAsync("\"gpus\":2");
        var answer = await daemon.PatchAsync($"/jobs/{waiting}", $$"""{"{{field}}":null}""");
        Assert.Equal((400, field), (answer.Status, answer.Field));
        Assert.Equal("Queued", (await daemon.GetAsync($"/jobs/{waiting}")).Json.GetProperty("state").GetString());
    }

    [Fact]
    public void A_field_of_an_update_whose_name_is_no_text_is_refused() =>
        Assert.Equal("malformed_json", Assert.Single(RequestBody.ParseUpdate([.. "{\""u8, 0xFF, .. "\":null}"u8]).Problems).Code);

    [Theory]
    [InlineData("{\"command\":\"true\",\"notifications\":{\"emails\":[null]}}", "notifications.emails")]
    [InlineData("{\"command\":\"true\",\"notifications\":{\"events\":[null]}}", "notifications.events")]
    [InlineData("{\"script_content\":\"IyEvYmluL3NoCg==\",\"script\":\"/a\",\"arguments\":[null]}", "arguments")]
    [InlineData("{\"script\":\"/a\\u0000b\"}", "script")]
    public async Task What_no_text_can_be_is_refused_and_named(string body, string field)
    {
        await using var daemon = await TestDaemon.StartAsync();
        var answer = await daemon.PostAsync("/jobs", body);
        Assert.Equal(400, answer.Status);
        Assert.Contains(field, answer.Json.GetProperty("problems").EnumerateArray().Select(problem => problem.GetProperty("field").GetString()));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData(null)]
    public async Task Bodies_that_do_not_say_they_are_json_get_415(string? type)
    {
        await using var daemon = await TestDaemon.StartAsync();
        foreach (var path in (string[])["/jobs", "/jobs/1/cancel"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent("{}"u8.ToArray()) };
            if (type is not null)
            {
                request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            }

            var answer = await daemon.SendAsync(request);
            Assert.Equal(415, answer.Status);
            Assert.Equal("not_json", answer.Code);
        }
    }

    /// <summary>Every one that the page of the API names; with and without something in the body.</summary>
    [Fact]
    public async Task Every_route_that_changes_something_takes_json_alone()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(GoldenFile.Root(), "docs", "api.md"), TestContext.Current.CancellationToken);
        var routes = Route().Matches(page).Select(found => (Method: found.Groups[1].Value, Path: found.Groups[2].Value.Replace("{id}", "99").Replace("{name}", "none"))).Distinct().ToList();
        Assert.True(routes.Count > 20);
        await using var daemon = await TestDaemon.StartAsync();
        foreach (var (method, path) in routes)
        {
            foreach (var body in (string[])["{}", ""])
            {
                foreach (var type in (string[])["text/plain", "application/problem+json", "text/json", "application/jsonp", "multipart/form-data; boundary=x", "nonsense"])
                {
                    Assert.True(await StatusAsync(type) == 415, $"{method} {path} {type} '{body}'");
                }

                foreach (var type in (string[])["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"])
                {
                    Assert.True(await StatusAsync(type) != 415, $"{method} {path} {type} '{body}'");
                }

                async Task<int> StatusAsync(string type)
                {
                    using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
                    request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
                    return (await daemon.SendAsync(request)).Status;
                }
            }
        }
    }

    [GeneratedRegex(@"(?<=^\| .*)`(POST|PATCH|PUT|DELETE) (/[^ `]+)`", RegexOptions.Multiline)]
    private static partial Regex Route();

    [Fact]
    public async Task A_submission_without_a_body_is_told_what_is_missing()
    {
        await using var daemon = await TestDaemon.StartAsync();
        Assert.Equal("missing_body", (await daemon.PostAsync("/jobs")).Code);
    }

    [Theory]
    [InlineData("/jobs", 17 << 20, "16 MiB")]
    [InlineData("/jobs/1/redo", 2 << 20, "1 MiB")]
    public async Task Bodies_beyond_the_limit_get_413_and_the_limit(string path, int size, string limit)
    {
        await using var daemon = await TestDaemon.StartAsync();
        var answer = await daemon.PostAsync(path, $$"""{"command":"{{new string('x', size)}}"}""");
        Assert.Equal(413, answer.Status);
        Assert.Contains(limit, answer.Error, StringComparison.Ordinal);
    }
}
