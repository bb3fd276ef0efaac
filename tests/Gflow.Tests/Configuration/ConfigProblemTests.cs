using CsCheck;
using Gflow.Client.Configuration;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Lifecycle;

namespace Gflow.Tests.Configuration;

public sealed class ConfigProblemTests
{
    private const string Webhook = "[[notifications.webhooks]]\nurl = \"http://h/\"\n";
    private const string Key = "\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"";
    private const string Mail = "[[notifications.emails]]\nsmtp_url = \"smtp://h\"\nfrom = \"a@b.c\"\n";

    [Theory]

    // Unknown keys and tables.
    [InlineData("[deamon]\n", 1, "deamon", "did you mean daemon?")]
    [InlineData("[daemon]\nprot = 1\n", 2, "daemon.prot", "did you mean daemon.port?")]
    [InlineData("port = 1\n", 1, "port", "did you mean daemon.port?")]
    [InlineData("[daemon]\nhalf_life_secs = 1\n", 2, "daemon.half_life_secs", "did you mean daemon.fair_share.half_life_secs?")]
    [InlineData("[daemon]\nxyzzy = 1\n", 2, "daemon.xyzzy", "the keys here are host, port")]
    [InlineData("[times]\nmax_time = \"1h\"\n", 1, "times", "the keys here are timezone, daemon")]
    [InlineData("[rights]\nadmins = []\n", 1, "rights", "the keys here are")]
    [InlineData("[notifications]\nquiet_hours = {}\n", 2, "notifications.quiet_hours", "the keys here are enabled")]
    [InlineData("[notifications]\nheartbeat = {}\n", 2, "notifications.heartbeat.url", "missing")]
    [InlineData("[notifications]\nheartbeat = { url = \"hc.example.com\" }\n", 2, "notifications.heartbeat.url", "this is not an absolute URL")]
    [InlineData("[notifications]\nheartbeat = { url = \"https://h/\", every = \"100ms\" }\n", 2, "notifications.heartbeat.every", "this is not a period; write a period from \"1s\" to \"24h\"")]
    [InlineData("[notifications]\nheartbeat = { url = \"https://h/\", every = \"2d\" }\n", 2, "notifications.heartbeat.every", "at most once a second and at least once a day")]
    [InlineData("[notifications]\nheartbeat = { url = \"https://h/\", every = 60 }\n", 2, "notifications.heartbeat.every", "a period from \"1s\" to \"24h\"")]
    [InlineData(Webhook + "event = [\"*\"]\n", 3, "notifications.webhooks[0].event", "did you mean notifications.webhooks[0].events?")]
    [InlineData(Webhook + "secert = \"whsec_hunter2\"\n", 3, "notifications.webhooks[0].secert", "did you mean notifications.webhooks[0].secret?")]
    [InlineData(Mail + "token = \"hunter2\"\n", 4, "notifications.emails[0].token", "the keys here are")]
    [InlineData("[quota.users.alice]\nmax_running_job = 1\n", 2, "quota.users.alice.max_running_job", "did you mean quota.users.alice.max_running_jobs?")]

    // Wrong kinds.
    [InlineData("[daemon]\nport = \"59000\"\n", 2, "daemon.port", "invalid type: this is text; write a whole number from 0 to 65535")]
    [InlineData("[daemon]\nport = 1.5\n", 2, "daemon.port", "invalid type: this is a number with a fraction")]
    [InlineData("[daemon]\ngpu_poll_interval_secs = \"often\"\n", 2, "daemon.gpu_poll_interval_secs", "invalid type")]
    [InlineData("daemon = 5\n", 1, "daemon", "invalid type: this is a whole number; write a table, [daemon]")]
    [InlineData("[daemon]\ngpus = 2\n", 2, "daemon.gpus", "such as [0, 2]")]
    [InlineData("[daemon]\ngpus = [0,\n 1,\n \"2\"]\n", 4, "daemon.gpus[2]", "invalid type: this is text")]
    [InlineData("[executor]\nhide_gpus = \"yes\"\n", 2, "executor.hide_gpus", "write true or false")]
    [InlineData("[projects]\nknown_projects = \"a\"\n", 2, "projects.known_projects", "a list of texts")]
    [InlineData("[quota.users]\nalice = 5\n", 2, "quota.users.alice", "[quota.users.NAME]")]
    [InlineData("[notifications.webhooks]\nurl = \"http://h/\"\n", 1, "notifications.webhooks", "[[notifications.webhooks]]")]
    [InlineData("timezone = 2026-01-01\n", 1, "timezone", "invalid type: this is a date or time")]
    [InlineData("[storage]\njob_retention = 30\n", 2, "storage.job_retention", "a period such as \"365d\"")]

    // Values out of range.
    [InlineData("[daemon]\nport = 70000\n", 2, "daemon.port", "70000: the number is out of range; write a whole number from 0 to 65535")]
    [InlineData("[daemon]\nport = -1\n", 2, "daemon.port", "out of range")]
    [InlineData("[daemon]\ngpu_poll_interval_secs = 0\n", 2, "daemon.gpu_poll_interval_secs", "from 1 to")]
    [InlineData("[daemon]\nsimulated_gpus = 65\n", 2, "daemon.simulated_gpus", "from 0 to 64")]
    [InlineData("[daemon]\ngpus = [-1]\n", 2, "daemon.gpus[0]", "out of range")]
    [InlineData("[executor]\nkill_grace_secs = 3601\n", 2, "executor.kill_grace_secs", "from 0 to 3600")]
    [InlineData("[storage]\noutbox_max_mb = 0\n", 2, "storage.outbox_max_mb", "from 1 to")]
    [InlineData("[quota.default_user]\nmax_running_jobs = -1\n", 2, "quota.default_user.max_running_jobs", "at least 0")]
    [InlineData(Webhook + "timeout_secs = 9223372036854775807\n", 3, "notifications.webhooks[0].timeout_secs", "out of range")]
    [InlineData(Webhook + "max_retries = 4294967296\n", 3, "notifications.webhooks[0].max_retries", "out of range")]

    // Values that are no such thing.
    [InlineData("[access]\nadmins = [\"alice\", \"a b\"]\n", 2, "access.admins[1]", "no user can have this name")]
    [InlineData("[access]\nadmins = [\"uid:1000\"]\n", 2, "access.admins[0]", "no user can have this name")]
    [InlineData("[access]\nadmins = [\"-alice\"]\n", 2, "access.admins[0]", "no user can have this name")]
    [InlineData("[access]\nadmins = [\"1000\"]\n", 2, "access.admins[0]", "this is a number, and users are named here")]
    [InlineData("[access]\nadmins = [\"@\"]\n", 2, "access.admins[0]", "no group can have this name")]
    [InlineData("[access]\nadmins = [\"@a:b\"]\n", 2, "access.admins[0]", "no group can have this name")]
    [InlineData("[access]\nadmins = [\"alice\", \"@ staff\"]\n", 2, "access.admins[1]", "no group can have this name")]
    [InlineData("[access]\nadmins = [\"@100\"]\n", 2, "access.admins[0]", "this is a number, and groups are named here")]
    [InlineData("timezone = \"Mars/Base\"\n", 1, "timezone", "\"Mars/Base\": this machine knows no such time zone; write the name of a time zone such as")]
    [InlineData("timezone = \"\"\n", 1, "timezone", "leave the key out")]
    [InlineData("[daemon]\nhost = \"http://x\"\n", 2, "daemon.host", "without scheme and port")]
    [InlineData("[daemon]\nhost = \"\"\n", 2, "daemon.host", "neither a host name nor an address")]
    [InlineData("[daemon]\nhost = \"h:80\"\n", 2, "daemon.host", "neither")]
    [InlineData("[daemon]\nhost = \"[h]\"\n", 2, "daemon.host", "neither")]
    [InlineData("[daemon]\nsocket = \"here.sock\"\n", 2, "daemon.socket", "absolute path")]
    [InlineData("[daemon]\nsocket = \"/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678\"\n", 2, "daemon.socket", "107 bytes")]
    [InlineData("[daemon]\ngpu_allocation_strategy = \"Random\"\n", 2, "daemon.gpu_allocation_strategy", "\"sequential\" or \"random\"")]
    [InlineData("[executor]\ntype = \"docker\"\n", 2, "executor.type", "write \"process\"")]
    [InlineData("[storage]\npath = \"data\"\n", 2, "storage.path", "absolute path")]
    [InlineData("[storage]\nevent_retention = \"soon\"\n", 2, "storage.event_retention", "\"soon\": this is not a period; write a period such as")]
    [InlineData("[storage]\njob_retention = \"0d\"\n", 2, "storage.job_retention", "\"forever\"")]

    // Webhooks.
    [InlineData("[[notifications.webhooks]]\nname = \"x\"\n", 1, "notifications.webhooks[0].url", "this key is missing; write an absolute URL")]
    [InlineData("[[notifications.webhooks]]\nurl = \" \"\n", 2, "notifications.webhooks[0].url", "the URL is blank")]
    [InlineData("[[notifications.webhooks]]\nurl = \"/hook\"\n", 2, "notifications.webhooks[0].url", "the scheme is neither http nor https")]
    [InlineData("[[notifications.webhooks]]\nurl = \"hook\"\n", 2, "notifications.webhooks[0].url", "not an absolute URL")]
    [InlineData("[[notifications.webhooks]]\nurl = \"ftp://h/x\"\n", 2, "notifications.webhooks[0].url", "\"ftp://h/***\": the scheme is neither http nor https")]
    [InlineData("[[notifications.webhooks]]\nurl = \"http://\"\n", 2, "notifications.webhooks[0].url", "not an absolute URL")]
    [InlineData("[[notifications.webhooks]]\nurl = \"http://h/a b\"\n", 2, "notifications.webhooks[0].url", "no blanks")]
    [InlineData(Webhook + "events = []\n", 3, "notifications.webhooks[0].events", "write [\"*\"] for all")]
    [InlineData(Webhook + "events = [\"job_completed\",\n\"job_faild\"]\n", 4, "notifications.webhooks[0].events[1]", "did you mean job_failed? The events are job_submitted,")]
    [InlineData(Webhook + "events = [\"job_*\"]\n", 3, "notifications.webhooks[0].events[0]", "there is no such event")]
    [InlineData(Webhook + "headers = { \"Authorization: Bearer hunter2\" = \"\" }\n", 3, "notifications.webhooks[0].headers.Authorization…", "not the name of a header")]
    [InlineData(Webhook + "headers = { A = \"x\\r\\nB: hunter2\" }\n", 3, "notifications.webhooks[0].headers.A", "line break")]
    [InlineData(Webhook + "headers = { A = 1 }\n", 3, "notifications.webhooks[0].headers.A", "invalid type: this is a whole number")]
    [InlineData(Webhook + "headers = { a = \"1\", A = \"2\" }\n", 3, "notifications.webhooks[0].headers.A", "twice")]
    [InlineData(Webhook + "name = \"two words\"\n", 3, "notifications.webhooks[0].name", "1 to 64 letters")]
    [InlineData(Webhook + "name = \"a\"\n" + Mail + "name = \"A\"\n", 7, "notifications.emails[0].name", "another target has this name")]

    // Signing.
    [InlineData(Webhook + "secret = \"hunter2\"\n", 3, "notifications.webhooks[0].secret", "***: a signing secret begins with whsec_; write \"whsec_\" and the base64 of 24 to 64 random bytes, as from: echo whsec_$(openssl rand -base64 32)")]
    [InlineData(Webhook + "secret = \"whsec_hunter2\"\n", 3, "notifications.webhooks[0].secret", "is not base64")]
    [InlineData(Webhook + "secret = \"whsec_hunter2hunter2hunter2\"\n", 3, "notifications.webhooks[0].secret", "is not base64")]
    [InlineData(Webhook + "secret = \"whsec_aHVudGVyMg==\"\n", 3, "notifications.webhooks[0].secret", "the key has 7 bytes, and 24 to 64 are right")]
    [InlineData(Webhook + "secrets = [" + Key + ",\n{ env = \"K\", until = \"soon\" }]\n", 4, "notifications.webhooks[0].secrets[1].until", "\"soon\": this is neither a date nor an instant; write a date such as")]
    [InlineData(Webhook + "secrets = [" + Key + ",\n{ env = \"K\", until = 2026-12-01 }]\n", 4, "notifications.webhooks[0].secrets[1].until", "in quotes")]
    [InlineData(Webhook + "secrets = [\"hunter2\"]\n", 3, "notifications.webhooks[0].secrets[0]", "begins with whsec_")]
    [InlineData(Webhook + "secrets = []\n", 3, "notifications.webhooks[0].secrets", "signs nothing")]
    [InlineData(Webhook + "secrets = [{ env = \"K\", until = \"2031-01-01\" }]\n", 3, "notifications.webhooks[0].secrets", "write the newest one without until")]
    [InlineData(Webhook + "secrets = " + Key + "\n", 3, "notifications.webhooks[0].secrets", "a list, the newest first")]
    [InlineData(Webhook + "secret = " + Key + "\nsecrets = [" + Key + "]\n", 4, "notifications.webhooks[0].secrets", "write all of them into secrets")]

    // Proxies.
    [InlineData(Webhook + "proxy = \"https://u:hunter2@p:3128\"\n", 3, "notifications.webhooks[0].proxy", "\"https://***@p/***\": the scheme is not http")]
    [InlineData(Webhook + "proxy = \"http://p/hunter2\"\n", 3, "notifications.webhooks[0].proxy", "a proxy has no path")]
    [InlineData(Webhook + "proxy = \"proxy:3128\"\n", 3, "notifications.webhooks[0].proxy", "the scheme is not http")]

    // Secrets that are somewhere else.
    [InlineData("[[notifications.webhooks]]\nurl = { fiel = \"/x\" }\n", 2, "notifications.webhooks[0].url.fiel", "did you mean notifications.webhooks[0].url.file?")]
    [InlineData("[[notifications.webhooks]]\nurl = {}\n", 2, "notifications.webhooks[0].url", "this names no place; write the secret in quotes, or one of { file = \"PATH\" }")]
    [InlineData("[[notifications.webhooks]]\nurl = { file = \"/x\", env = \"X\" }\n", 2, "notifications.webhooks[0].url", "more than one place")]
    [InlineData("[[notifications.webhooks]]\nurl = { env = 5 }\n", 2, "notifications.webhooks[0].url.env", "invalid type: this is a whole number")]
    [InlineData("[[notifications.webhooks]]\nurl = { file = \"hunter2\" }\n", 2, "notifications.webhooks[0].url", "{ file = *** }: this is not an absolute path")]
    [InlineData("[[notifications.webhooks]]\nurl = { env = \"hunter2/x\" }\n", 2, "notifications.webhooks[0].url", "{ env = *** }: this is not the name of a variable")]
    [InlineData("[[notifications.webhooks]]\nurl = { credential = \"../hunter2\" }\n", 2, "notifications.webhooks[0].url", "{ credential = *** }: this is not the name of a credential")]
    [InlineData("[[notifications.webhooks]]\nurl = { file = \"/nowhere/at/all\" }\n", 2, "notifications.webhooks[0].url", "{ file = \"/nowhere/at/all\" }: the file does not exist; name an existing file")]
    [InlineData("[[notifications.webhooks]]\nurl = { file = \"/dev/null\" }\n", 2, "notifications.webhooks[0].url", "the file is empty")]
    [InlineData("[[notifications.webhooks]]\nurl = { file = \"/tmp\" }\n", 2, "notifications.webhooks[0].url", "this is a directory")]
    [InlineData("[[notifications.webhooks]]\nurl = { env = \"GFLOW_HOOK\" }\n", 2, "notifications.webhooks[0].url", "{ env = \"GFLOW_HOOK\" }: the environment variable is not set; set it for the daemon")]
    [InlineData("[[notifications.webhooks]]\nurl = { env = \"EMPTY\" }\n", 2, "notifications.webhooks[0].url", "the environment variable is empty")]
    [InlineData("[[notifications.webhooks]]\nurl = { credential = \"hook\" }\n", 2, "notifications.webhooks[0].url", "CREDENTIALS_DIRECTORY is not set")]
    [InlineData("[[notifications.webhooks]]\nurl = { env = \"FTP\" }\n", 2, "notifications.webhooks[0].url", "{ env = \"FTP\" }: the scheme is neither http nor https")]
    [InlineData(Webhook + "headers = { A = \"x\", B = { env = \"LINES\" } }\n", 3, "notifications.webhooks[0].headers.B", "line break")]
    [InlineData(Webhook + "secret = { env = \"FTP\" }\n", 3, "notifications.webhooks[0].secret", "{ env = \"FTP\" }: a signing secret begins with whsec_")]
    [InlineData(Mail + "password = 5\n", 4, "notifications.emails[0].password", "the password of the user in smtp_url")]
    [InlineData(Mail + "password = \"hunter2\"\n", 2, "notifications.emails[0].smtp_url", "there is a password but no user")]

    // Mail.
    [InlineData("[[notifications.emails]]\nfrom = \"a@b.c\"\n", 1, "notifications.emails[0].smtp_url", "this key is missing")]
    [InlineData("[[notifications.emails]]\nsmtp_url = \"smtp://h\"\n", 1, "notifications.emails[0].from", "this key is missing")]
    [InlineData("[[notifications.emails]]\nsmtp_url = \"\"\nfrom = \"a@b.c\"\n", 2, "notifications.emails[0].smtp_url", "not an SMTP URL")]
    [InlineData("[[notifications.emails]]\nsmtp_url = \"smtp://u:hunter2@h?tls=none\"\nfrom = \"a@b.c\"\n", 2, "notifications.emails[0].smtp_url", "\"smtp://***@h/***\": the only option")]
    [InlineData("[[notifications.emails]]\nsmtp_url = \"smtp://h\"\nfrom = \"nobody\"\n", 3, "notifications.emails[0].from", "\"nobody\": this is not a mailbox; write one address such as")]
    [InlineData("[[notifications.emails]]\nsmtp_url = \"smtp://h\"\nfrom = \"a@b.c, d@e.f\"\n", 3, "notifications.emails[0].from", "not a mailbox")]
    [InlineData("[[notifications.emails]]\nsmtp_url = \"smtp://h\"\nfrom = \"a@b.c\\r\\nBcc: d@e.f\"\n", 3, "notifications.emails[0].from", "not a mailbox")]
    [InlineData(Mail + "to = [\"a@b.c\",\n\"@b.c\"]\n", 5, "notifications.emails[0].to[1]", "not a mailbox")]
    [InlineData(Mail + "default = true\n" + Mail + "default = true\n", 8, "notifications.emails[1].default", "on one transport alone")]

    [InlineData(Mail + "ca_file = \"ca.pem\"\n", 4, "notifications.emails[0].ca_file", "depends on where the daemon is started")]
    [InlineData(Mail + "ca_file = \"/no/such/ca.pem\"\n", 4, "notifications.emails[0].ca_file", "\"/no/such/ca.pem\": this file does not exist")]
    [InlineData(Mail + "ca_file = \"/proc\"\n", 4, "notifications.emails[0].ca_file", "cannot be read")]
    [InlineData(Mail + "ca_file = \"/dev/null\"\n", 4, "notifications.emails[0].ca_file", "no certificate in this file")]
    [InlineData(Webhook + "ca_file = \"ca.pem\"\n", 3, "notifications.webhooks[0].ca_file", "depends on where the daemon is started")]
    [InlineData(Webhook + "ca_file = \"/no/such/ca.pem\"\n", 3, "notifications.webhooks[0].ca_file", "\"/no/such/ca.pem\": this file does not exist")]
    [InlineData(Mail + "allow_cleartext_auth = \"yes\"\n", 4, "notifications.emails[0].allow_cleartext_auth", "true or false")]

    // Not TOML.
    [InlineData("a = 1\na = 2\n", 2, "", "defined before")]
    [InlineData("[daemon]\nport = 6000O\n", 2, "", "not valid TOML")]
    [InlineData("[daemon]\nhost = localhost\n", 2, "", "put text in quotes")]
    [InlineData("[daemon]\nhost = \"localhost\nport = 1\n", 2, "", "the text is not closed")]
    [InlineData("\n\nport\n", 3, "", "this is not KEY = VALUE")]
    [InlineData("a = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n", 1, "", "nest too deep")]
    public async Task A_mistake_is_reported_with_its_place_and_its_remedy(string toml, int line, string key, string says)
    {
        using var home = new ConfigHome(toml).With("EMPTY", "").With("FTP", "ftp://h/hunter2").With("LINES", "a\nhunter2").With("K", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        var load = home.Load();
        Assert.Null(load.Options);
        var problem = load.Problems[0];
        Assert.Equal((home.Paths.ConfigFile, line, key), (problem.Origin.File, problem.Origin.Line, problem.Key));
        Assert.StartsWith($"{home.Paths.ConfigFile}:{line}", problem.ToString());
        Assert.Contains(says, problem.ToString());
        Assert.NotEmpty(problem.Remedy);
        Assert.DoesNotContain("hunter2", (await ConfigCheck.RunAsync(null, home.Environment, home.Paths, json: true)).Output);
        if (key.Length > 0)
        {
            Assert.Single(load.Problems);
        }
    }

    [Fact]
    public void All_problems_are_reported_at_once_in_the_order_of_the_file()
    {
        using var home = new ConfigHome(
            """
            timezone = "Mars/Base"
            [daemon]
            port = "x"
            prot = 1
            [notifications]
            [[notifications.webhooks]]
            url = "nothing"
            events = ["job_faild"]
            [[notifications.emails]]
            smtp_url = "x"
            from = "y"
            """);
        home.With("GFLOW_DAEMON__GPUS", "a").With("GFLOW_STORAGE__LOG_MAX", "1");
        Assert.Equal(
            [
                "timezone", "daemon.port", "daemon.prot", "notifications.webhooks[0].url", "notifications.webhooks[0].events[0]",
                "notifications.emails[0].smtp_url", "notifications.emails[0].from", "storage.log_max", "daemon.gpus[0]",
            ],
            home.Load().Problems.Select(problem => problem.Key));
    }

    [Theory]
    [InlineData("url = \"https://hooks.example.com/T0/hunter2\"", "events = 5")]
    [InlineData("url = \"https://hunter2:hunter2@h/hunter2 \\u0001\"", "")]
    [InlineData("url = \"https://u:p/hunter2@h/x y\"", "")]
    [InlineData("url = \"htttps://h/hunter2\"", "")]
    [InlineData("url = \"hunter2\"", "")]
    [InlineData("url = [\"hunter2\"]", "")]
    [InlineData("url = { file = \"hunter2\" }", "")]
    [InlineData("url = \"https://h/hunter2", "")]
    [InlineData("url = \"https://h/hunter2\" hunter2", "")]
    [InlineData("url = \"https://h/hunter2\"", "url = \"https://h/hunter2\"")]
    [InlineData("url = hunter2", "")]
    [InlineData("url \"hunter2\"", "")]
    [InlineData("hunter2", "")]
    [InlineData("url = \"hunter2\\q\"", "")]
    [InlineData("url = 'a' 'hunter2'", "")]
    [InlineData("url = \"\"\"hunter2", "")]
    [InlineData("headers = \"Bearer hunter2\"", "")]
    [InlineData("headers = [\"Bearer hunter2\"]", "")]
    [InlineData("headers = { A = [\"hunter2\"] }", "")]
    [InlineData("headers = { A = \"ü hunter2\" }", "")]
    [InlineData("headers = { \"A: hunter2\" = 5 }", "")]
    [InlineData("\"X-Key: hunter2\" = 5", "")]
    [InlineData("\"https://h/hunter2\" = \"\"", "")]
    public async Task No_secret_appears_in_any_text(string first, string second)
    {
        foreach (var table in new[] { "[[notifications.webhooks]]", "[[notifications.emails]]" })
        {
            using var home = new ConfigHome($"{table}\n{first}\n{second}\n");
            foreach (var json in new[] { false, true })
            {
                var report = await ConfigCheck.RunAsync(null, home.Environment, home.Paths, json);
                Assert.Equal(1, report.ExitCode);
                Assert.DoesNotContain("hunter2", report.Output);
            }
        }
    }

    [Theory]
    [InlineData("smtp://hunter2@h:x")]
    [InlineData("smtp://u:hunter2")]
    [InlineData("smtp://u:hunter2@h?tls=x")]
    [InlineData("smtp://u:a/hunter2@h")]
    [InlineData("smtp://u:a#hunter2@h")]
    [InlineData("smtp://u:a\\hunter2@h?tls=x")]
    [InlineData("smtp://u:%FF-hunter2@h")]
    [InlineData("u:hunter2@h")]
    public async Task No_secret_of_a_wrong_smtp_url_appears_in_any_text(string url)
    {
        using var home = new ConfigHome();
        home.With("GFLOW_NOTIFICATIONS__EMAILS", $"[{{ smtp_url = '{url}', from = 'a@b.c' }}]");
        var report = await ConfigCheck.RunAsync(null, home.Environment, home.Paths, json: true);
        Assert.Equal(1, report.ExitCode);
        Assert.DoesNotContain("hunter2", report.Output);
    }

    [Fact]
    public void No_text_makes_reading_throw()
    {
        string[] parts =
        [
            "[", "]", "[[", "]]", "{", "}", "\"", "'", "\"\"\"", "#", "\n", " ", ".", ",", "=", "\\", "a", "daemon", "port",
            "notifications", "webhooks", "url", "1", "1e9", "2026-01-01", "true", "\r", "\0", "é",
            "\\u", "\\U", "\\x", "D800", "FFFFFFFF",
        ];
        Gen.Int[0, parts.Length - 1].Array[0, 40].Sample(chosen =>
        {
            var (root, problems) = ConfigDocument.Parse(string.Concat(chosen.Select(part => parts[part])), "f");
            Assert.Equal(root is null, problems.Count > 0);
            if (root is not null)
            {
                Assert.All(new SchemaRules(DaemonSchema.Root).Check(root, DaemonSchema.Root, ""), problem => Assert.NotEmpty(problem.ToString()));
            }
        }, iter: 10000);
    }

    [Fact]
    public void Nesting_without_end_is_refused_and_not_run_into()
    {
        foreach (var text in new[]
        {
            "a = " + new string('[', 100_000),
            "a = " + string.Concat(Enumerable.Repeat("{a=", 100_000)),
            "a" + string.Concat(Enumerable.Repeat(".a", 100_000)) + " = 1",
            "[a" + string.Concat(Enumerable.Repeat(".a", 100_000)) + "]",
            "a = " + string.Concat(Enumerable.Repeat("[\n", 100_000)),
        })
        {
            Assert.Contains("nest too deep", Assert.Single(ConfigDocument.Parse(text, "f").Problems).ToString());
        }

        Assert.StartsWith("f:2:", Assert.Single(ConfigDocument.Parse(string.Concat(Enumerable.Repeat("a = [\n", 100_000)), "f").Problems).ToString(), StringComparison.Ordinal);

        Assert.Empty(ConfigDocument.Parse($"a = \"{new string('[', 100)}\" # {new string('[', 100)}\nb = '''\n{new string('[', 100)}'''\nc = '{new string('.', 50)}'\n", "f").Problems);
    }
}
