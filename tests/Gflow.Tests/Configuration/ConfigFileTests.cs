using Gflow.Core.Events;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Notifications.Email;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Configuration;

public sealed class ConfigFileTests
{
    [Fact]
    public void No_file_means_the_defaults()
    {
        using var home = new ConfigHome();
        var load = home.Load();
        var options = load.Options!;
        Assert.Null(load.File);
        Assert.Empty(load.Warnings);
        Assert.Null(options.Timezone);
        Assert.Equal(("localhost", 59000, home.Paths.Socket), (options.Daemon.Host, options.Daemon.Port, options.Daemon.Socket));
        Assert.Null(options.Daemon.Gpus);
        Assert.Equal(GpuAllocationStrategy.Sequential, options.Daemon.GpuAllocationStrategy);
        Assert.Equal(TimeSpan.FromSeconds(10), options.Daemon.GpuPollInterval);
        Assert.Empty(options.Daemon.SimulatedGpus);
        Assert.Equal(new FairShareOptions { Enabled = true, HalfLifeSecs = 604_800 }, options.Daemon.FairShare);
        Assert.Equal(new ExecutorOptions { HideGpus = true, KillGrace = TimeSpan.FromSeconds(10) }, options.Executor);
        Assert.Empty(options.Projects.KnownProjects);
        Assert.False(options.Projects.RequireProject);
        Assert.Equal(new QuotaLimits(null, null, null), options.Quota.DefaultUser);
        Assert.Equal(
            new StorageOptions
            {
                Path = home.Paths.DataDirectory,
                JobRetention = TimeSpan.FromDays(365),
                EventRetention = TimeSpan.FromDays(90),
                LogMaxMb = 1024,
                MinFreeMb = 512,
                OutboxMaxMb = 256,
            },
            options.Storage);
        Assert.False(options.Notifications.Enabled);
        Assert.Equal(16, options.Notifications.MaxConcurrentDeliveries);
        Assert.Equivalent(DaemonOptions.Defaults(home.Paths), options);
    }

    [Fact]
    public void Every_key_of_the_file_is_read()
    {
        using var home = new ConfigHome(
            """
            timezone = "UTC"

            [daemon]
            host = "[::1]"
            port = 6000
            socket = "~/s/gflowd.sock"
            gpus = [2, 0, 2]
            gpu_allocation_strategy = "random"
            gpu_poll_interval_secs = 3
            simulated_gpus = 4
            fair_share = { enabled = false, half_life_secs = 0 }

            [executor]
            type = "process"
            hide_gpus = false
            kill_grace_secs = 0

            [projects]
            known_projects = [" vision ", "speech"]
            require_project = true

            [quota]
            default_user = { max_running_jobs = 4 }
            default_project.max_queued_jobs = 0

            [quota.users.alice]
            max_running_gpus = 2

            [quota.projects."Große Sache"]
            max_queued_jobs = 7

            [storage]
            path = "/srv/gflow"
            job_retention = "30d"
            event_retention = "forever"
            log_max_mb = 0
            min_free_mb = 1
            outbox_max_mb = 2

            [notifications]
            enabled = true
            max_concurrent_deliveries = 3
            """);
        var options = home.Options();
        Assert.Equal(TimeZoneInfo.Utc.BaseUtcOffset, options.Timezone!.BaseUtcOffset);
        Assert.Equal(("::1", 6000), (options.Daemon.Host, options.Daemon.Port));
        Assert.Equal(Path.Combine(home.Environment["HOME"], "s/gflowd.sock"), options.Daemon.Socket);
        Assert.Equal([0, 2], options.Daemon.Gpus!);
        Assert.Equal(GpuAllocationStrategy.Random, options.Daemon.GpuAllocationStrategy);
        Assert.Equal(TimeSpan.FromSeconds(3), options.Daemon.GpuPollInterval);
        Assert.Equal(4, options.Daemon.SimulatedGpus.Count);
        Assert.Equal(new FairShareOptions { Enabled = false, HalfLifeSecs = 0 }, options.Daemon.FairShare);
        Assert.Equal(new ExecutorOptions { HideGpus = false, KillGrace = TimeSpan.Zero }, options.Executor);
        Assert.Equal(["vision", "speech"], options.Projects.KnownProjects);
        Assert.True(options.Projects.RequireProject);
        Assert.Equal(4, options.Quota.DefaultUser.MaxRunningJobs);
        Assert.Equal(0, options.Quota.DefaultProject.MaxQueuedJobs);
        Assert.Equal(2, options.Quota.Users["alice"].MaxRunningGpus);
        Assert.Equal(7, options.Quota.Projects["Große Sache"].MaxQueuedJobs);
        Assert.Equal(
            new StorageOptions
            {
                Path = "/srv/gflow",
                JobRetention = TimeSpan.FromDays(30),
                EventRetention = null,
                LogMaxMb = 0,
                MinFreeMb = 1,
                OutboxMaxMb = 2,
            },
            options.Storage);
        Assert.True(options.Notifications.Enabled);
        Assert.Equal(3, options.Notifications.MaxConcurrentDeliveries);
    }

    [Fact]
    public void The_named_file_replaces_the_default_one()
    {
        using var home = new ConfigHome("[daemon]\nport = 1\nhost = \"a\"\n[[notifications.webhooks]]\nurl = \"http://a/\"\n");
        var named = home.Write("other.conf", "[daemon]\nport = 2\n");
        var options = home.Options(named);
        Assert.Equal(("localhost", 2), (options.Daemon.Host, options.Daemon.Port));
        Assert.Empty(options.Notifications.Webhooks);
    }

    [Fact]
    public void A_named_file_that_is_missing_is_a_problem_that_names_it()
    {
        using var home = new ConfigHome();
        var missing = Path.Combine(home.Environment["HOME"], "nowhere.toml");
        var load = home.Load(missing);
        Assert.Null(load.Options);
        Assert.StartsWith(missing + ": ", Assert.Single(load.Problems).ToString());
        Assert.Contains(missing, Assert.Single(home.LoadClient(missing).Problems).Message);
        Assert.False(home.LoadClient("").Ok);
    }

    [Fact]
    public void What_is_no_readable_text_is_a_problem()
    {
        using var home = new ConfigHome();
        var directory = home.Environment["HOME"];
        Assert.Contains("directory", Assert.Single(home.Load(directory).Problems).Message);

        var binary = home.Write("binary", "");
        File.WriteAllBytes(binary, [0x61, 0x3d, 0xff]);
        Assert.Contains("UTF-8", Assert.Single(home.Load(binary).Problems).Message);

        File.WriteAllBytes(binary, new byte[2_000_000]);
        Assert.Contains("larger", Assert.Single(home.Load(binary).Problems).Message);
    }

    [Fact]
    public async Task A_file_that_has_no_size_is_read_all_the_same()
    {
        using var home = new ConfigHome();
        var pipe = Path.Combine(home.Environment["HOME"], "pipe");
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", [pipe]))
        {
            await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var writer = Task.Run(() => File.WriteAllText(pipe, "[daemon]\nport = 7\n"), TestContext.Current.CancellationToken);
        Assert.Equal(7, home.Options(pipe).Daemon.Port);
        await writer;
    }

    [Fact]
    public void Keys_whose_feature_comes_later_are_accepted_and_noted()
    {
        using var home = new ConfigHome("[quota.default_user]\nmax_running_jobs = 1\nmax_queued_jobs = 2\n[quota.users.alice]\nmax_running_gpus = 1\n[daemon.fair_share]\nhalf_life_secs = 5\n[daemon]\ngpus = [0]\n");
        var load = home.Load();
        Assert.NotNull(load.Options);
        Assert.Equal(["quota.default_user.max_running_jobs", "quota.users.alice.max_running_gpus", "daemon.fair_share"], load.Notes.Select(note => note.Key));
        Assert.All(load.Notes, note => Assert.EndsWith("takes effect in a later release", note.ToString()));
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("2001:db8::1")]
    public void An_address_that_other_machines_reach_is_refused(string host)
    {
        using var home = new ConfigHome($"[daemon]\nhost = \"{host}\"\n");
        var load = home.Load();
        Assert.Null(load.Options);
        Assert.Contains("other machines", Assert.Single(load.Problems).ToString());
    }

    [Theory]
    [InlineData("[executor]\ntype = \"tmux\"\n", "executor.type", "gjob log")]
    [InlineData("[notifications]\nmax_concurrent_deliveries = 0\n", "notifications.max_concurrent_deliveries", "counts as 1")]
    [InlineData("[notifications]\nenabled = true\n[[notifications.webhooks]]\nurl = \"http://a/\"\ntimeout_secs = 0\n", "notifications.webhooks[0].timeout_secs", "counts as 1")]
    [InlineData("[[notifications.webhooks]]\nurl = \"http://a/\"\n", "notifications.enabled", "enabled = true")]
    [InlineData("[notifications]\nenabled = true\n[[notifications.emails]]\nsmtp_url = \"smtp://u:p@h\"\nfrom = \"a@b.c\"\n", "notifications.emails[0].smtp_url", "no mail will go out; use smtps://")]
    [InlineData("[notifications]\nenabled = true\n[[notifications.emails]]\nsmtp_url = \"smtp://u:p@h\"\nfrom = \"a@b.c\"\nallow_cleartext_auth = true\n", "notifications.emails[0].smtp_url", "crosses the network in clear")]
    [InlineData("[notifications]\nenabled = true\n[[notifications.webhooks]]\nurl = \"http://a/\"\nheaders = { Host = \"x\" }\n", "notifications.webhooks[0].headers.Host", "not sent")]
    [InlineData("[projects]\nknown_projects = [\"a\", \"\"]\n", "projects.known_projects[1]", "no job")]
    public void What_is_allowed_but_hardly_meant_is_a_warning(string toml, string key, string says)
    {
        using var home = new ConfigHome(toml);
        var load = home.Load();
        Assert.NotNull(load.Options);
        var warning = Assert.Single(load.Warnings);
        Assert.Equal(key, warning.Key);
        Assert.Contains(says, warning.ToString());
    }

    [Fact]
    public void Secrets_in_a_file_that_others_may_read_are_a_warning()
    {
        const string Hook = "[notifications]\nenabled = true\n[[notifications.webhooks]]\nurl = \"https://h/\"\n";
        using var home = new ConfigHome(Hook);
        Assert.Empty(home.Load().Warnings);
        File.SetUnixFileMode(home.Paths.ConfigFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Contains($"chmod 600 {home.Paths.ConfigFile}", Assert.Single(home.Load().Warnings).ToString());

        home.Write(home.Paths.ConfigFile, "[notifications]\nenabled = true\n[[notifications.emails]]\nsmtp_url = \"smtp://localhost:25\"\nfrom = \"a@b.c\"\n");
        File.SetUnixFileMode(home.Paths.ConfigFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Assert.Empty(home.Load().Warnings);

        home.Write(home.Paths.ConfigFile, "[notifications]\nenabled = true\n");
        File.SetUnixFileMode(home.Paths.ConfigFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        home.With("GFLOW_NOTIFICATIONS__WEBHOOKS", "[{ url = \"https://h/\" }]");
        Assert.Empty(home.Load().Warnings);
    }

    [Fact]
    public void A_webhook_is_read_with_all_its_keys()
    {
        using var home = new ConfigHome(
            """
            [notifications]
            enabled = true

            [[notifications.webhooks]]
            name = "ops"
            url = " https://api.example.com/gflow/events?x=1 "
            events = ["job_completed", " Job_Failed "]
            filter_users = [" Alice ", "", "bob"]
            headers = { Authorization = "Bearer token123", X-Key = "" }
            timeout_secs = 7
            max_retries = 0
            ca_file = "~/ca.pem"

            [[notifications.webhooks]]
            url = "http://10.0.0.1:8080/hook"
            """);
        using var authority = new PrivateAuthority();
        home.Write(Path.Combine(home.Environment["HOME"], "ca.pem"), authority.Pem);
        var options = home.Options().Notifications;
        var ops = options.Webhooks[0];
        Assert.Equal("ops", ops.Name);
        Assert.Equal("https://api.example.com/gflow/events?x=1", ops.Url.AbsoluteUri);
        Assert.Equal([EventType.JobCompleted, EventType.JobFailed], ops.Events.Order());
        Assert.Equal(["alice", "bob"], ops.FilterUsers!.Order());
        Assert.Equal("Bearer token123", ops.Headers["authorization"]);
        Assert.Equal("", ops.Headers["X-Key"]);
        Assert.Equal(TimeSpan.FromSeconds(7), ops.Timeout);
        Assert.Equal(0u, ops.MaxRetries);
        Assert.Single(ops.Authorities);

        var plain = options.Webhooks[1];
        Assert.Matches("^10\\.0\\.0\\.1-[0-9a-f]{8}$", plain.Name);
        Assert.Equal(EventTypes.All, plain.Events.Order());
        Assert.Null(plain.FilterUsers);
        Assert.Equal(TimeSpan.FromSeconds(10), plain.Timeout);
        Assert.Null(plain.MaxRetries);
    }

    [Fact]
    public void A_mail_transport_is_read_with_all_its_keys()
    {
        using var home = new ConfigHome(
            """
            [notifications]
            enabled = true

            [[notifications.emails]]
            name = "lab"
            smtp_url = "smtps://us%40er:p%2Fw@smtp.example.com"
            from = "gflow <noreply@example.com>"
            to = ["alice@example.com", " ", "On Call <ml-oncall@example.com>"]
            events = ["*"]
            filter_users = ["alice"]
            subject_prefix = " [gflow-prod] "
            timeout_secs = 20
            max_retries = 5
            default = true
            ca_file = "~/ca.pem"
            allow_cleartext_auth = true

            [[notifications.emails]]
            smtp_url = "smtp://user:password@localhost"
            from = "gflow@example.com"
            subject_prefix = "  "
            """);
        using var authority = new PrivateAuthority();
        home.Write(Path.Combine(home.Environment["HOME"], "ca.pem"), $"A comment\n{authority.Pem}\n{authority.Pem}\n");
        Assert.Empty(home.Load().Warnings);
        var options = home.Options().Notifications;
        var lab = options.Emails[0];
        Assert.Equal(
            new SmtpEndpoint { Host = "smtp.example.com", Port = 465, TlsMode = SmtpTlsMode.Implicit, User = "us@er", Password = "p/w" },
            lab.Smtp);
        Assert.Equal(("lab", "noreply@example.com", "gflow"), (lab.Name, lab.From.Address, lab.From.Name));
        Assert.Equal(["alice@example.com", "ml-oncall@example.com"], lab.To.Select(to => to.Address));
        Assert.Equal(EventTypes.All, lab.Events.Order());
        Assert.Equal("[gflow-prod]", lab.SubjectPrefix);
        Assert.Equal((TimeSpan.FromSeconds(20), 5u, true), (lab.Timeout, lab.MaxRetries!.Value, lab.Default));

        var local = options.Emails[1];
        Assert.Matches("^localhost-[0-9a-f]{8}$", local.Name);
        Assert.Empty(local.To);
        Assert.Null(local.SubjectPrefix);
        Assert.False(local.Default);
        Assert.Equal(("CN=Private Authority", 2, true), (lab.Authorities[0].Subject, lab.Authorities.Count, lab.AllowCleartextAuth));
        Assert.Equal((0, false), (local.Authorities.Count, local.AllowCleartextAuth));
    }

    [Fact]
    public void Two_targets_at_one_url_without_names_are_told_apart()
    {
        using var home = new ConfigHome(
            """
            [notifications]
            enabled = true
            webhooks = [{ url = "http://h/a" }, { url = "http://h/a" }, { url = "http://h/b" }]
            """);
        var names = home.Options().Notifications.Webhooks.Select(target => target.Name).ToArray();
        Assert.Equal(names[0] + "-2", names[1]);
        Assert.Equal(3, names.Distinct().Count());
    }

    [Fact]
    public void A_made_up_name_does_not_change_with_the_password()
    {
        using var home = new ConfigHome();
        Assert.Equal(NameWith("one"), NameWith("two"));

        string NameWith(string password)
        {
            home.Write(home.Paths.ConfigFile, $"[notifications]\nenabled = true\nemails = [{{ smtp_url = \"smtps://u:{password}@h\", from = \"a@b.c\" }}]");
            return home.Options().Notifications.Emails[0].Name;
        }
    }

    [Fact]
    public void Options_never_print_their_secrets()
    {
        using var home = new ConfigHome(
            """
            [notifications]
            enabled = true
            webhooks = [{ url = "https://h/token-hunter2", headers = { A = "hunter2" } }]
            emails = [{ smtp_url = "smtps://hunter2:hunter2@h", from = "a@b.c" }]
            """);
        var options = home.Options();
        Assert.DoesNotContain("hunter2", $"{options} {options.Notifications} {options.Notifications.Webhooks[0]} {options.Notifications.Emails[0]} {options.Notifications.Emails[0].Smtp}");
    }
}
