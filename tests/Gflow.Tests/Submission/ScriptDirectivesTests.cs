using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Submission;

namespace Gflow.Tests.Submission;

public sealed class ScriptDirectivesTests
{
    [Fact]
    public void Every_option_can_stand_in_a_script()
    {
        var wish = Read("""
            #!/bin/bash
            # GFLOW --gpus=2 --priority 50
            # GFLOW -t 1:30:00
            # GFLOW --name="my job" --project=vision

              # more of them
            # GFLOW --depends-on-any=@,7 --no-auto-cancel
            # GFLOW --notify-email=a@x.org --notify-on=job_failed,job_timeout
            # GFLOW --notify-email=b@x.org,a@x.org
            """);

        Assert.Equal(2, wish.Draft.Gpus);
        Assert.Equal(50, wish.Draft.Priority);
        Assert.Equal(new WireDuration(5400, 0), wish.Draft.TimeLimit);
        Assert.Equal("my job", wish.Draft.Name);
        Assert.Equal("vision", wish.Draft.Project);
        Assert.Equal("Any", wish.Dependencies!.Mode);
        Assert.Equal([new JobReference.Recent(1), new JobReference.Number(new JobId(7))], wish.Dependencies.On);
        Assert.False(wish.Draft.AutoCancelOnDependencyFailure);
        Assert.Equal(["a@x.org", "b@x.org"], wish.Draft.Notifications!.Emails);
        Assert.Equal(["job_failed", "job_timeout"], wish.Draft.Notifications.Events);
    }

    [Theory]
    [InlineData("# GFLOW settings follow")]
    [InlineData("# GFLOW - a list")]
    [InlineData("# GFLOW -- rule")]
    [InlineData("# GFLOW")]
    [InlineData("# GFLOWERS --gpus=2")]
    [InlineData("## GFLOW --gpus=2")]
    [InlineData("#GFLOW --gpus=2")]
    [InlineData(" # GFLOW --gpus=2")]
    [InlineData("# gflow --gpus=2")]
    public void Other_lines_are_comments_and_switch_nothing_off(string line)
    {
        var wish = Read($"{line}\n# GFLOW --priority=3\n");

        Assert.Null(wish.Draft.Gpus);
        Assert.Equal(3, wish.Draft.Priority);
    }

    [Theory]
    [InlineData("--gpus=two", "s.sh line 2: \"two\" is not a number of GPUs, such as 2, nor a type and a number, such as a100:2")]
    [InlineData("--gpu=2", "s.sh line 2: unknown option --gpu: did you mean --gpus?")]
    [InlineData("--gpus", "s.sh line 2: --gpus needs a value: --gpus=NUMS")]
    [InlineData("--gpus=1 stray", "s.sh line 2: \"stray\" is not an option; put a value that has blanks in quotes, and comments on lines of their own")]
    [InlineData("--begin=now", "s.sh line 2: --begin is not available in this version; submit it then, by cron or at(1)")]
    [InlineData("--conda-env ml", "s.sh line 2: --conda-env is not available in this version; activate the environment before: a job has the environment of its submission")]
    [InlineData("--name='x", "s.sh line 2: a single quote is opened and never closed")]
    [InlineData("--no-auto-cancel=yes", "s.sh line 2: --no-auto-cancel takes no value; write it without \"=yes\"")]
    [InlineData("--gpus=1 --gres=2", "s.sh line 2: --gpus was already given at s.sh line 2; keep one of them")]
    [InlineData("-d 1 --depends-on-all=2,3", "s.sh line 2: --depends-on-all cannot be combined with --depends-on at s.sh line 2; keep one of them")]
    public void A_mistake_is_named_with_its_line(string options, string problem)
    {
        var read = ScriptDirectives.Read($"#!/bin/sh\n# GFLOW {options}\n", "s.sh");

        Assert.Equal([problem], read.Problems.Select(found => found.Message));
    }

    [Fact]
    public void All_mistakes_are_told_at_once()
    {
        var read = ScriptDirectives.Read("# GFLOW --gpus=x\n# GFLOW --nope\n# GFLOW --time=1:2:3:4\n", "s.sh");

        Assert.Equal(3, read.Problems.Count);
    }

    [Fact]
    public void Short_options_take_their_value_attached_or_apart()
    {
        Assert.Equal(4, Read("# GFLOW -g4").Draft.Gpus);
        Assert.Equal(4, Read("# GFLOW -g=4").Draft.Gpus);
        Assert.Equal(4, Read("# GFLOW -g 4 # four of them").Draft.Gpus);
        Assert.Equal(4, Read("# GFLOW\t--gpus=4\r\n").Draft.Gpus);
    }

    [Fact]
    public void They_count_up_to_the_first_command_and_others_are_named()
    {
        const string Script = "#!/bin/sh\n# GFLOW --gpus=1\n\n\t# text about GFLOW --gpus\n#GFLOW -g 2\n## GFLOW --gpus=4\ncat <<E\n# GFLOW --gpus=3\n# gflow is good\nE\n";

        Assert.Equal(1, Read(Script).Draft.Gpus);
        Assert.Equal(
            ["s.sh line 5 has no effect: write \"# GFLOW \" in place of the beginning of \"#GFLOW -g 2\"", "s.sh line 8 has no effect: \"# GFLOW --gpus=3\" stands after the first command"],
            ScriptDirectives.Unheeded(Script, "s.sh"));
    }

    [Fact]
    public void Of_many_that_do_not_count_a_few_are_named() =>
        Assert.Equal("s.sh has more such lines", ScriptDirectives.Unheeded(string.Concat(Enumerable.Repeat("#GFLOW --gpus=1\n", 9)), "s.sh")[^1]);

    [Theory]
    [InlineData("--priority=2", 2L, "a100", 40_960L)]
    [InlineData("-g 1", 1L, null, 40_960L)]
    [InlineData("-g l4:1", 1L, "l4", 40_960L)]
    [InlineData("-g 0", 0L, null, null)]
    public void Number_and_type_of_gpus_are_one_option_and_who_wants_none_wants_none_of_a_kind(string flags, long gpus, string? type, long? memoryMb)
    {
        var wish = Read("# GFLOW --gpus=a100:2 --gpu-min-memory=40G --gpu-index=0-3").Under(Read($"# GFLOW {flags}"));
        Assert.Equal((gpus, type, memoryMb, gpus > 0), (wish.Draft.Gpus, wish.Draft.GpuType, wish.Draft.GpuMinMemoryMb, wish.Draft.GpuIndices is not null));
    }

    [Fact]
    public void Flags_win_and_addresses_add_up()
    {
        var below = Read("# GFLOW --gpus=1 --priority=3 -d 5 --notify-email=a@x.org --notify-on=job_failed");
        var above = Read("# GFLOW --gpus=2 --depends-on-all=6,7 --notify-email=b@x.org");

        var wish = below.Under(above);

        Assert.Equal(2, wish.Draft.Gpus);
        Assert.Equal(3, wish.Draft.Priority);
        Assert.Equal(2, wish.Dependencies!.On.Count);
        Assert.Equal(["a@x.org", "b@x.org"], wish.Draft.Notifications!.Emails);
        Assert.Equal(["job_failed"], wish.Draft.Notifications.Events);
    }

    private static SubmissionWish Read(string script) => ScriptDirectives.Read(script, "s.sh").Value;
}
