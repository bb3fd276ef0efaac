using System.Collections.Concurrent;
using System.Text;

namespace Gflow.EndToEnd.TestKit;

/// <summary>
/// Twelve secrets, one in each place of the configuration where one may be, that every daemon of these tests is given and uses.
/// Afterwards they must be nowhere: not in what any command or daemon has said, nor in any file that a daemon has written.
/// </summary>
internal sealed class Planted
{
    private const string User = "me";

    private static readonly string[] Secrets =
    [
        "planted-url-login-01", "planted-url-query-02", "planted-header-inline-03", "planted-header-variable-04", "planted-header-file-05",
        "planted-header-credential-06", "AAAAplanted/file/key/07AAAAAAAAA", "BBBBplanted/inline/key/08BBBBBBB", "planted-mail-password-09",
        "planted-url-file-10", "planted-proxy-login-11", "planted-mail-url-12",
    ];

    private readonly ConcurrentQueue<string> _said = new();
    private readonly string _files;

    /// <summary>Writes those that are in files.</summary>
    /// <param name="root">The home.</param>
    public Planted(string root)
    {
        _files = Path.Combine(root, "secrets");
        Directory.CreateDirectory(_files);
        Write("header", Secrets[4]);
        Write("credential", Secrets[5]);
        Write("key", $"whsec_{Secrets[6]}");
        Write("password", Secrets[8]);
        Write("url", $"http://{User}:x@target.example/{Secrets[9]}");
    }

    public static (string User, string Password) MailLogin => (User, Secrets[8]);

    /// <summary>Those that are in a daemon's environment.</summary>
    public Dictionary<string, string> Variables => new()
    {
        ["PLANTED_HEADER"] = Secrets[3],
        ["PLANTED_PROXY"] = $"http://{User}:{Secrets[10]}@127.0.0.1:1",
        ["CREDENTIALS_DIRECTORY"] = _files,
    };

    /// <summary>Targets that are read and checked like all others, and are told of nothing that these tests do.</summary>
    public string Unused => $$"""
        [[notifications.webhooks]]
        name = "unused"
        url = { file = "{{_files}}/url" }
        proxy = { env = "PLANTED_PROXY" }
        events = ["job_timeout"]
        filter_users = ["nobody-here"]

        [[notifications.emails]]
        name = "unused-mail"
        smtp_url = "smtps://{{User}}:{{Secrets[11]}}@mail.example"
        from = "gflow@lab.example"
        to = ["nobody@lab.example"]
        events = ["job_timeout"]
        filter_users = ["nobody-here"]
        """;

    /// <summary>A webhook's keys, from its URL on.</summary>
    public string Webhook(Uri url) => $$"""
        url = "http://{{User}}:{{Secrets[0]}}@{{url.Authority}}/?key={{Secrets[1]}}"
        headers = { X-Inline = "{{Secrets[2]}}", X-Variable = { env = "PLANTED_HEADER" }, X-File = { file = "{{_files}}/header" }, X-Credential = { credential = "credential" } }
        secrets = [{ file = "{{_files}}/key" }, "whsec_{{Secrets[7]}}"]
        """;

    /// <summary>A mail transport's keys, from its server on.</summary>
    public string Mail(int port) => $$"""
        smtp_url = "smtp://{{User}}@127.0.0.1:{{port}}"
        password = { file = "{{_files}}/password" }
        """;

    /// <summary>Notes what was said.</summary>
    public void Heard(params ReadOnlySpan<string> texts)
    {
        foreach (var text in texts)
        {
            _said.Enqueue(text);
        }
    }

    /// <summary>Looks for them in all that was said, and in every file below the directories that daemons write to.</summary>
    public void AssertNowhere(params ReadOnlySpan<string> directories)
    {
        foreach (var directory in directories)
        {
            foreach (var file in Directory.Exists(directory) ? Directory.EnumerateFiles(directory, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }) : [])
            {
                Heard(Latin(file));
            }
        }

        foreach (var secret in Secrets)
        {
            Assert.DoesNotContain(_said, text => text.Contains(secret, StringComparison.Ordinal)
                || text.Contains(Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{secret}")), StringComparison.Ordinal));
        }
    }

    private void Write(string name, string secret)
    {
        var path = Path.Combine(_files, name);
        File.WriteAllText(path, secret + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static string Latin(string file)
    {
        try
        {
            return Encoding.Latin1.GetString(File.ReadAllBytes(file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A socket, or gone by now.
            return "";
        }
    }
}
