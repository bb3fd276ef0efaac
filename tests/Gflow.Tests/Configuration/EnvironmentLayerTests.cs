using Gflow.Daemon.Configuration;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Configuration;

/// <summary>The number in a name is that of the conformance case it belongs to.</summary>
public sealed class EnvironmentLayerTests
{
    [Fact]
    public void Case_214_variables_override_the_file()
    {
        using var home = new ConfigHome("timezone = \"Mars/Base\"\n[daemon]\nport = 1\nhost = \"h\"\n");
        var options = home
            .With("GFLOW_TIMEZONE", "UTC")
            .With("GFLOW_DAEMON__PORT", " 6000 ")
            .With("GFLOW_DAEMON__GPU_ALLOCATION_STRATEGY", "random")
            .With("GFLOW_DAEMON__GPU_POLL_INTERVAL_SECS", "3")
            .With("GFLOW_DAEMON__FAIR_SHARE__HALF_LIFE_SECS", "60")
            .With("GFLOW_PROJECTS__REQUIRE_PROJECT", "True")
            .With("GFLOW_PROJECTS__KNOWN_PROJECTS", "vision, speech")
            .With("GFLOW_EXECUTOR__HIDE_GPUS", "off")
            .With("GFLOW_QUOTA__DEFAULT_USER__MAX_RUNNING_JOBS", "2")
            .With("GFLOW_QUOTA__USERS__ALICE__MAX_RUNNING_GPUS", "1")
            .With("GFLOW_QUOTA__PROJECTS", "{ Vision = { max_queued_jobs = 3 } }")
            .With("GFLOW_STORAGE__JOB_RETENTION", "30d")
            .Options();
        Assert.Equal("UTC", options.Timezone!.Id);
        Assert.Equal(("h", 6000), (options.Daemon.Host, options.Daemon.Port));
        Assert.Equal(GpuAllocationStrategy.Random, options.Daemon.GpuAllocationStrategy);
        Assert.Equal(TimeSpan.FromSeconds(3), options.Daemon.GpuPollInterval);
        Assert.Equal(60, options.Daemon.FairShare.HalfLifeSecs);
        Assert.True(options.Projects.RequireProject);
        Assert.Equal(["vision", "speech"], options.Projects.KnownProjects);
        Assert.False(options.Executor.HideGpus);
        Assert.Equal(2, options.Quota.DefaultUser.MaxRunningJobs);
        Assert.Equal(1, options.Quota.Users["alice"].MaxRunningGpus);
        Assert.Equal(3, options.Quota.Projects["Vision"].MaxQueuedJobs);
        Assert.Equal(TimeSpan.FromDays(30), options.Storage.JobRetention);
    }

    [Theory]
    [InlineData("0,2", "0 2")]
    [InlineData("2", "2")]
    [InlineData(" 2 , 0 ", "0 2")]
    [InlineData("[0, 2]", "0 2")]
    [InlineData("", "")]
    public void A_list_of_GPUs_may_have_one_item(string value, string gpus)
    {
        using var home = new ConfigHome().With("GFLOW_DAEMON__GPUS", value);
        Assert.Equal(gpus, string.Join(' ', home.Options().Daemon.Gpus!));
    }

    [Fact]
    public void Targets_are_given_as_a_list_of_inline_tables()
    {
        using var home = new ConfigHome("[[notifications.webhooks]]\nurl = \"http://file/\"\n");
        var options = home
            .With("GFLOW_NOTIFICATIONS__ENABLED", "true")
            .With("GFLOW_NOTIFICATIONS__WEBHOOKS", "[{ url = \"https://h/x\", events = [\"job_failed\"] }, { url = \"http://i/\" }]")
            .With("GFLOW_NOTIFICATIONS__EMAILS", "[{ smtp_url = \"smtp://h\", from = \"a@b.c\" }]")
            .Options();
        Assert.Equal(["h", "i"], options.Notifications.Webhooks.Select(target => target.Url.Host));
        Assert.Single(options.Notifications.Emails);
    }

    [Theory]
    [InlineData("GFLOW_DAEMON_PORT", "x")]
    [InlineData("GFLOW_DAEMON_GPU_ALLOCATION_STRATEGY", "x")]
    [InlineData("GFLOW_DAEMON", "x")]
    [InlineData("GFLOW_DISABLE_DEV_AUTO", "1")]
    [InlineData("GFLOW_HOST__PORT", "x")]
    [InlineData("GFLOW_TIMEZONE__X", "x")]
    [InlineData("GFLOW_", "x")]
    [InlineData("gflow_daemon__port", "x")]
    [InlineData("GFLOW_JOB_ID", "7")]
    [InlineData("GFLOW_JOB_NAME__X", "7")]
    [InlineData("GFLOW_SCRIPT", "/x")]
    [InlineData("GFLOW_ARRAY_TASK_ID", "1")]
    [InlineData("GFLOW_RESTART_COUNT", "1")]
    [InlineData("OTHER_DAEMON__PORT", "x")]
    public void Case_215_a_variable_that_is_none_of_ours_is_left_alone(string variable, string value)
    {
        using var home = new ConfigHome().With(variable, value);
        Assert.Equal(59000, home.Options().Daemon.Port);
    }

    [Theory]
    [InlineData("GFLOW_DAEMON__GPU_POLL_INTERVAL_SECS", "often", "daemon.gpu_poll_interval_secs", "invalid type")]
    [InlineData("GFLOW_DAEMON__PORT", "", "daemon.port", "invalid type")]
    [InlineData("GFLOW_DAEMON__PORT", "99999", "daemon.port", "from 0 to 65535")]
    [InlineData("GFLOW_DAEMON__PORT", "99999999999999999999", "daemon.port", "invalid type")]
    [InlineData("GFLOW_DAEMON__GPUS", "0-3", "daemon.gpus[0]", "such as [0, 2]")]
    [InlineData("GFLOW_DAEMON__GPUS", "0,", "daemon.gpus[1]", "invalid type")]
    [InlineData("GFLOW_DAEMON__GPUS", "[0", "daemon.gpus", "not valid TOML")]
    [InlineData("GFLOW_DAEMON__GPUS", "[0]\nx = 1", "daemon.gpus", "one TOML value")]
    [InlineData("GFLOW_EXECUTOR__HIDE_GPUS", "maybe", "executor.hide_gpus", "write true or false")]
    [InlineData("GFLOW_TIMEZONE", "", "timezone", "no such time zone")]
    [InlineData("GFLOW_DAEMON__PROT", "1", "daemon.prot", "did you mean daemon.port?")]
    [InlineData("GFLOW_DAEMON__", "1", "daemon.", "no such key")]
    [InlineData("GFLOW_NOTIFICATIONS__WEBHOOKS", "https://h/", "notifications.webhooks", "invalid type")]
    [InlineData("GFLOW_NOTIFICATIONS__WEBHOOKS__0__URL", "https://h/", "notifications.webhooks", "GFLOW_NOTIFICATIONS__WEBHOOKS")]
    [InlineData("GFLOW_DAEMON__PORT__X", "1", "daemon.port", "GFLOW_DAEMON__PORT")]
    [InlineData("GFLOW_QUOTA__USERS__ALICE", "5", "quota.users.alice", "invalid type")]
    public void Case_216_a_wrong_variable_is_a_problem_that_names_it(string variable, string value, string key, string says)
    {
        using var home = new ConfigHome().With(variable, value);
        var problem = Assert.Single(home.Load().Problems);
        Assert.Equal((variable, key), (problem.Origin.Variable, problem.Key));
        Assert.StartsWith($"environment variable {variable}: ", problem.ToString());
        Assert.Contains(says, problem.ToString());
    }

    [Fact]
    public void Two_variables_for_one_key_are_a_problem()
    {
        using var home = new ConfigHome().With("GFLOW_DAEMON__PORT", "1").With("GFLOW_daemon__port", "2");
        Assert.Contains("GFLOW_DAEMON__PORT sets the same key", Assert.Single(home.Load().Problems).ToString());
    }

    [Fact]
    public void Case_217_both_executors_are_known()
    {
        using var home = new ConfigHome();
        Assert.Empty(home.With("GFLOW_EXECUTOR__TYPE", "process").Load().Warnings);
        var tmux = home.With("GFLOW_EXECUTOR__TYPE", "tmux").Load();
        Assert.NotNull(tmux.Options);
        Assert.Equal("GFLOW_EXECUTOR__TYPE", Assert.Single(tmux.Warnings).Origin.Variable);
    }

    [Fact]
    public void A_variable_does_not_hide_that_its_table_is_no_table()
    {
        using var home = new ConfigHome("daemon = 5\n").With("GFLOW_DAEMON__PORT", "1");
        Assert.Equal("invalid_type", Assert.Single(home.Load().Problems).Code);
    }
}
