using System.Text.Json;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Submission;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Submission;

public sealed class SubmissionRulesTests
{
    public static TheoryData<string, string> Refused => new()
    {
        { """{}""", "nothing to run" },
        { """{"command":"  "}""", "command is empty" },
        { """{"command":"x","script":"/a"}""", "not both" },
        { """{"command":"x","arguments":["a"]}""", "belong to a script" },
        { """{"command":"x","run_dir":"relative/dir"}""", "absolute path" },
        { """{"command":"x","gpus":-1}""", "0 or more" },
        { """{"command":"x","gpus":5}""", "this machine has 4" },
        { """{"command":"x","gpus":9223372036854775807}""", "this machine has 4" },
        { """{"command":"x","priority":256}""", "between 0 and 255" },
        { """{"command":"x","priority":-9223372036854775808}""", "between 0 and 255" },
        { """{"command":"x","time_limit":{"secs":0,"nanos":0}}""", "more than 0" },
        { """{"command":"x","time_limit":{"secs":-1,"nanos":0}}""", "more than 0" },
        { """{"command":"x","time_limit":{"secs":9223372036854775807,"nanos":0}}""", "ten years" },
        { """{"command":"x","depends_on_ids":[0]}""", "not a job id" },
        { """{"command":"x","depends_on":4294967296}""", "not a job id" },
        { """{"command":"x","dependency_mode":"all"}""", "\"All\" or \"Any\"" },
        { """{"command":"x","name":"a\nb"}""", "control character" },
        { """{"command":"x","project":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}""", "Project name too long" },
        { """{"command":"x","notifications":{"emails":["nobody"]}}""", "not an e-mail address" },
        { """{"command":"x","notifications":{"emails":["a@b"],"events":["gpu_available"]}}""", "\"gpu_available\" is no event of a job" },
        { """{"command":"x","notifications":{"emails":["a@b"],"events":["job_finished"]}}""", "job_completed" },
        { """{"command":"x","notifications":{"events":["job_failed"]}}""", "nobody is to be told" },
        { """{"command":"x","environment":{"A=B":"c"}}""", "not a name of an environment variable" },
        { """{"command":"x","umask":"8"}""", "octal digits" },
        { """{"command":"x","umask":"1000"}""", "octal digits" },
        { """{"command":"x","umask":""}""", "octal digits" },
        { """{"command":"x","limits":{"rttime":1}}""", "as, core, cpu" },
        { """{"command":"x","limits":{"cpu":-1}}""", "zero or more" },
        { """{"command":"a\u0000b"}""", "zero byte" },
        { """{"command":"x","memory_limit_mb":1024}""", "'memory_limit_mb' is not available in this version" },
        { """{"command":"x","gpu_sharing_mode":"Shared"}""", "not available" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_bad_submission_is_refused_with_what_would_be_right(string json, string fragment)
    {
        var result = SubmissionRules.Check(JsonSerializer.Deserialize(json, WireJson.Default.SubmissionDraft)!, Draft.Policy);
        Assert.Contains(result.Problems, problem => problem.Message.Contains(fragment, StringComparison.Ordinal));
    }

    [Fact]
    public void Where_no_gpus_are_looked_for_a_job_that_wants_some_is_told_what_to_try()
    {
        var refused = Assert.Single(SubmissionRules.Check(new SubmissionDraft { Command = "x", RunDir = "/", Gpus = 1 }, Draft.Policy with { Gpus = [] }).Problems);
        Assert.Equal(ProblemCode.Infeasible, refused.Kind);
        Assert.Contains("simulated_gpus", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_problems_come_at_once()
    {
        var result = SubmissionRules.Check(new SubmissionDraft { Command = "x", Gpus = -1, Priority = 999, Name = "a\tb" }, Draft.Policy);
        Assert.Equal(["name", "gpus", "priority"], result.Problems.Select(problem => problem.Field));
    }

    [Fact]
    public void What_the_reference_sends_as_a_whole_job_is_taken()
    {
        const string Json = """
            {"id":0,"script":null,"command":"sleep 1","gpus":1,"conda_env":null,"run_dir":"/tmp","priority":10,"depends_on":null,
             "depends_on_ids":[],"dependency_mode":null,"auto_cancel_on_dependency_failure":true,"task_id":null,
             "gpu_sharing_mode":"Exclusive","gpu_memory_limit_mb":null,"time_limit":{"secs":60,"nanos":0},"memory_limit_mb":null,
             "submitted_by":"mallory","redone_from":null,"retried_from":null,"max_retries":0,"auto_close_tmux":false,"parameters":{},
             "group_id":null,"max_concurrent":null,"run_name":"demo","project":null,"state":"Queued","gpu_ids":null,
             "submitted_at":null,"started_at":null,"finished_at":null,"reason":null}
            """;
        var spec = SubmissionRules.Check(JsonSerializer.Deserialize(Json, WireJson.Default.SubmissionDraft)!, Draft.Policy).Value.Spec;
        Assert.Equal(("demo", 1, TimeSpan.FromMinutes(1), "/tmp"), (spec.Name, spec.Gpus, spec.TimeLimit, spec.RunDir));
    }

    [Fact]
    public void Chosen_addresses_without_events_mean_the_four_ends()
    {
        var draft = Draft.Command() with { Notifications = new WireNotifications { Emails = [" a@b ", "a@b"] } };
        var wish = SubmissionRules.Check(draft, Draft.Policy).Value.Spec.Notifications!;
        Assert.Equal(["a@b"], wish.Emails);
        Assert.Equal(["job_completed", "job_failed", "job_timeout", "job_cancelled"], wish.Events);
    }

    [Theory]
    [InlineData("chosen", "/x/train.py", null, "chosen")]
    [InlineData(null, "/x/train.py", null, "train.py")]
    [InlineData(null, null, "/opt/bin/python train.py --key SECRET", "python")]
    public void The_name_people_see_is_never_the_whole_command(string? name, string? script, string? command, string expected) =>
        Assert.Equal(expected, new JobSpec { Name = name, Script = script, Command = command, RunDir = "/" }.DisplayName);

    [Fact]
    public void An_update_clears_what_is_null_and_names_what_changed()
    {
        var before = SubmissionRules.Check(Draft.Command() with { TimeLimit = new WireDuration(60, 0), DependsOn = 3 }, Draft.Policy).Value.Spec;
        var (spec, fields) = SubmissionRules.Check(Draft.Queued(before), new UpdateDraft { Priority = 50, Clears = ["time_limit", "depends_on_ids"] }, Draft.Policy).Value;
        Assert.Equal(["priority", "time_limit", "depends_on_ids"], fields);
        Assert.Null(spec.TimeLimit);
        Assert.Empty(spec.Dependencies.On);
        Assert.Equal(50, spec.Priority);
    }

    [Fact]
    public void An_update_of_what_cannot_change_is_refused()
    {
        var before = SubmissionRules.Check(Draft.Command(), Draft.Policy).Value.Spec;
        var draft = JsonSerializer.Deserialize("""{"run_dir":"/x"}""", WireJson.Default.UpdateDraft)!;
        Assert.Contains("cannot be updated", SubmissionRules.Check(Draft.Queued(before), draft, Draft.Policy).Problems[0].Message, StringComparison.Ordinal);
    }
}
