using Gflow.Client.Configuration;
using Gflow.Daemon.Configuration;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Configuration;

/// <summary>What the documentation shows must work, and what there is must be documented.</summary>
public sealed class ConfigDocsTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(GoldenFile.Root(), "docs", "configuration.md"));

    /// <summary>How every snippet of the documentation is tried, with the secrets that it may name.</summary>
    internal static void LoadsWithoutAWarning(string toml)
    {
        const string Key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        using var home = new ConfigHome(toml);
        home.Write(".config/gflow/hook-url", "https://example.com/hook");
        home.Write(".config/gflow/hook-key", Key);
        home.Write(".config/gflow/hook-key.old", Key);
        home.Write(".config/gflow/mail-password", "p@ss");
        home.Write("credentials/hook-key", Key);
        home.With("CREDENTIALS_DIRECTORY", Path.Combine(home.Environment["HOME"], "credentials")).With("HOOK_AUTHORIZATION", "Bearer 0123456789");
        var load = home.Load();
        Assert.Empty(load.Problems.Select(problem => problem.ToString()));
        Assert.Empty(load.Warnings.Select(warning => warning.ToString()));
    }

    [Fact]
    public void Every_key_has_its_row_and_those_without_effect_say_so()
    {
        foreach (var (path, key) in Keys(DaemonSchema.Root, ""))
        {
            var row = Page.Split('\n').Where(line => line.StartsWith($"| `{key.Name}` |", StringComparison.Ordinal)).ToArray();
            Assert.True(row.Length > 0 || key.Children.Count > 0, $"{path} is not documented");
            if (key is { Later: true, Children.Count: 0 })
            {
                Assert.Contains(row, line => line.Contains("*Later.*"));
            }
        }
    }

    /// <summary>The forms of the notifications guide, which every installation of the reference may have.</summary>
    [Theory]
    [InlineData("[notifications]\nenabled = true\nmax_concurrent_deliveries = 16\n")]
    [InlineData(
        """
        [notifications]
        enabled = true
        [[notifications.webhooks]]
        url = "https://api.example.com/gflow/events"
        events = ["job_completed", "job_failed", "job_timeout"] # or ["*"]
        filter_users = ["alice", "bob"] # optional
        headers = { Authorization = "Bearer token123" } # optional
        timeout_secs = 10
        max_retries = 3
        """)]
    [InlineData(
        """
        [notifications]
        enabled = true
        [[notifications.emails]]
        smtp_url = "smtps://user:pass@smtp.example.com:465"
        from = "gflow <noreply@example.com>"
        to = ["alice@example.com", "ml-oncall@example.com"] # optional
        events = ["job_failed", "job_timeout"] # or ["*"]
        filter_users = ["alice"] # optional
        subject_prefix = "[gflow-prod]" # optional
        timeout_secs = 10
        max_retries = 3
        """)]
    [InlineData("[notifications]\nenabled = true\nemails = [{ smtp_url = \"smtp://user:pass@smtp.example.com:587?tls=required\", from = \"a@b.c\" }]\n")]
    [InlineData("[notifications]\nenabled = true\nemails = [{ smtp_url = \"smtp://localhost:25\", from = \"a@b.c\" }]\n")]
    public void Every_form_of_the_guide_loads(string toml) => LoadsWithoutAWarning(toml);

    /// <summary>What the generator of the reference writes loads as well (conformance case 218).</summary>
    [Fact]
    public void Case_218_a_generated_file_loads() => LoadsWithoutAWarning(
        """
        timezone = "UTC"
        [daemon]
        host = "localhost"
        port = 59000
        gpus = [0, 1]
        gpu_allocation_strategy = "sequential"
        gpu_poll_interval_secs = 10
        [notifications]
        enabled = true
        [[notifications.webhooks]]
        url = "https://example.com/hook"
        events = ["*"]
        [[notifications.emails]]
        smtp_url = "smtps://user:pass@smtp.example.com"
        from = "gflow@example.com"
        to = ["ops@example.com"]
        """);

    private static IEnumerable<(string Path, ConfigKey Key)> Keys(ConfigKey table, string prefix) =>
        table.Children.SelectMany(key => Keys(key, $"{prefix}{key.Name}.").Prepend((prefix + key.Name, key)));
}
