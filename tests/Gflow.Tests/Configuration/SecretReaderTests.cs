using Gflow.Tests.TestKit;

namespace Gflow.Tests.Configuration;

/// <summary>Secrets that the configuration names without holding them.</summary>
public sealed class SecretReaderTests
{
    private const string Key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Fact]
    public void Every_secret_may_be_in_a_file_a_variable_or_a_credential()
    {
        using var home = new ConfigHome(
            """
            [notifications]
            enabled = true

            [[notifications.webhooks]]
            url = { file = "~/hook.url" }
            headers = { Authorization = { env = "BEARER" }, X-Plain = "plain" }
            secret = { credential = "hook.key" }
            proxy = { env = "PROXY" }

            [[notifications.webhooks]]
            url = { env = "HOOK" }
            secrets = [{ credential = "hook.key" }, { file = "~/old.key", until = "2031-01-01" }]

            [[notifications.emails]]
            smtp_url = { credential = "smtp" }
            password = { file = "~/password" }
            from = "a@b.c"
            """);
        home.Write("hook.url", "https://h/from-file\n");
        home.Write("old.key", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\r\n");
        home.Write("password", "pass word \n\n");
        home.Write("credentials/hook.key", Key);
        home.Write("credentials/smtp", "smtps://me:other@mx");
        var options = home
            .With("BEARER", "Bearer b")
            .With("HOOK", "http://h/from-variable")
            .With("PROXY", "http://u:p@proxy:3128")
            .With("CREDENTIALS_DIRECTORY", Path.Combine(home.Environment["HOME"], "credentials"))
            .Options().Notifications;

        var first = options.Webhooks[0];
        Assert.Equal("https://h/from-file", first.Url.AbsoluteUri);
        Assert.Equal(("Bearer b", "plain"), (first.Headers["Authorization"], first.Headers["X-Plain"]));
        Assert.Equal([Key], first.Secrets.Select(secret => secret.Text));
        Assert.Equal("http://u:p@proxy:3128/", first.Proxy!.AbsoluteUri);
        Assert.Equal("http://h/from-variable", options.Webhooks[1].Url.AbsoluteUri);
        Assert.Equal(
            [(Key, (DateTimeOffset?)null), ("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", new DateTimeOffset(2031, 1, 2, 0, 0, 0, TimeSpan.Zero))],
            options.Webhooks[1].Secrets.Select(secret => (secret.Text, secret.Until)));

        // One trailing line break is the editor's; the password's own blank and second one are not.
        Assert.Equal(("me", "pass word \n"), (options.Emails[0].Smtp.User, options.Emails[0].Smtp.Password));
    }

    [Theory]
    [InlineData("smtps://me@mx")]
    [InlineData("smtps://me:other@mx")]
    public void The_password_of_its_own_key_stands_in_for_that_of_the_url(string url)
    {
        using var home = new ConfigHome($"[notifications]\nenabled = true\nemails = [{{ smtp_url = \"{url}\", password = \"p@ss:w/rd%41\", from = \"a@b.c\" }}]");
        Assert.Equal(("me", "p@ss:w/rd%41"), (home.Options().Notifications.Emails[0].Smtp.User, home.Options().Notifications.Emails[0].Smtp.Password));
    }

    [Fact]
    public void A_variable_that_lays_targets_over_the_file_may_name_places_too()
    {
        using var home = new ConfigHome("[notifications]\nenabled = true\n");
        home.With("HOOK", "http://h/x").With("GFLOW_NOTIFICATIONS__WEBHOOKS", "[{ url = { env = \"HOOK\" } }, { url = { env = \"GONE\" } }]");
        var problem = Assert.Single(home.Load().Problems);
        Assert.Equal(("missing_secret", "notifications.webhooks[1].url", "GFLOW_NOTIFICATIONS__WEBHOOKS"), (problem.Code, problem.Key, problem.Origin.Variable));
    }

    [Fact]
    public void A_change_of_the_file_is_read_with_the_next_load()
    {
        using var home = new ConfigHome("[notifications]\nenabled = true\nwebhooks = [{ url = { file = \"~/hook\" } }]");
        home.Write("hook", "http://h/one");
        Assert.Equal("/one", home.Options().Notifications.Webhooks[0].Url.AbsolutePath);
        home.Write("hook", "http://h/two");
        Assert.Equal("/two", home.Options().Notifications.Webhooks[0].Url.AbsolutePath);
    }

    [Fact]
    public void A_file_that_everybody_may_read_is_a_warning_with_what_to_run()
    {
        using var home = new ConfigHome("[notifications]\nenabled = true\nwebhooks = [{ url = { file = \"~/hook\" } }]");
        var file = home.Write("hook", "http://h/hunter2");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        var warning = Assert.Single(home.Load().Warnings);
        Assert.Equal("notifications.webhooks[0].url", warning.Key);
        Assert.EndsWith($"run chmod o-r {file}", warning.ToString());
        Assert.DoesNotContain("hunter2", warning.ToString());
    }

    [Fact]
    public void A_file_that_is_no_secret_is_refused()
    {
        using var home = new ConfigHome("[notifications]\nenabled = true\nwebhooks = [{ url = { file = \"~/hook\" } }]");
        File.WriteAllBytes(home.Write("hook", ""), [0xff, 0xfe]);
        Assert.Contains("not UTF-8", Assert.Single(home.Load().Problems).ToString());
        File.WriteAllBytes(home.Write("hook", ""), new byte[100_000]);
        Assert.Contains("larger", Assert.Single(home.Load().Problems).ToString());
    }

    [Fact]
    public void A_configuration_that_only_names_places_may_be_read_by_all()
    {
        using var home = new ConfigHome(
            """
            [notifications]
            enabled = true
            webhooks = [{ url = { env = "HOOK" }, headers = { A = { env = "HOOK" } }, secrets = [{ env = "KEY" }] }]
            emails = [{ smtp_url = { env = "MX" }, password = { env = "HOOK" }, from = "a@b.c" }]
            """).With("HOOK", "http://h/x").With("KEY", Key).With("MX", "smtps://me:p@mx");
        File.SetUnixFileMode(home.Paths.ConfigFile, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Assert.Empty(home.Load().Warnings);
    }

    [Theory]
    [InlineData("webhooks = [{ url = \"https://h/x\" }]", true)]
    [InlineData("webhooks = [{ url = { env = \"HOOK\" }, headers = { A = \"b\" } }]", true)]
    [InlineData("webhooks = [{ url = { env = \"HOOK\" }, secret = \"" + Key + "\" }]", true)]
    [InlineData("webhooks = [{ url = { env = \"HOOK\" }, secrets = [\"" + Key + "\"] }]", true)]
    [InlineData("webhooks = [{ url = { env = \"HOOK\" }, proxy = \"http://u:p@h\" }]", true)]
    [InlineData("webhooks = [{ url = { env = \"HOOK\" }, proxy = \"http://h\" }]", false)]
    [InlineData("emails = [{ smtp_url = \"smtps://me:p@mx\", from = \"a@b.c\" }]", true)]
    [InlineData("emails = [{ smtp_url = \"smtps://mx\", from = \"a@b.c\" }]", false)]
    public void What_is_written_into_the_file_itself_is_for_its_owner_alone(string target, bool secret)
    {
        using var home = new ConfigHome($"[notifications]\nenabled = true\n{target}\n").With("HOOK", "http://h/x");
        File.SetUnixFileMode(home.Paths.ConfigFile, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Equal(secret, home.Load().Warnings.Any(warning => warning.Code == "readable_secrets"));
    }
}
