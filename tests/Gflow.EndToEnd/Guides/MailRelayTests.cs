using System.Text.RegularExpressions;
using Gflow.EndToEnd.TestKit;
using Gflow.Tests.TestKit;

namespace Gflow.EndToEnd.Guides;

/// <summary>Each recipe of the page about mail relays sends a mail to a server with the TLS and the login of the real one.</summary>
public sealed partial class MailRelayTests(Installation installed)
{
    private const string Password = "app password";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("smtp.gmail.com:587", "dana@gmail.com", "PLAIN LOGIN XOAUTH2")]
    [InlineData("smtp.gmail.com:465", "dana@gmail.com", "PLAIN LOGIN XOAUTH2")]
    [InlineData("smtp.office365.com:587", "gflow@example.com", "LOGIN XOAUTH2")]
    [InlineData("mail.lab.example:587", "gflow", "PLAIN LOGIN")]
    [InlineData("localhost:25", null, null)]
    public async Task A_recipe_sends_a_mail(string server, string? user, string? mechanisms)
    {
        var implicitTls = server.EndsWith(":465", StringComparison.Ordinal);
        using var authority = new PrivateAuthority();
        using var certificate = authority.Issue(1, "127.0.0.1");
        var greetings = 0;
        await using var mail = new SmtpReceiver(new() { Reply = Reply, Login = user is null ? null : (user, Password), Certificate = certificate, ImplicitTls = implicitTls });
        await using var machine = await Machine.CreateAsync(installed);
        Directory.CreateDirectory(machine.At(".config/gflow"));
        await File.WriteAllTextAsync(machine.At(".config/gflow/mail-password"), Password + "\n", Ct);
        await File.WriteAllTextAsync(machine.At("authority.pem"), authority.Pem, Ct);
        var recipe = Recipe().Matches(await File.ReadAllTextAsync(Path.Combine(Installation.Root(), "docs", "mail-relays.md"), Ct))
            .Select(match => match.Groups[1].Value)
            .Single(text => text.Contains(server, StringComparison.Ordinal));
        await File.WriteAllTextAsync(machine.ConfigFile, $$"""
            daemon = { host = "127.0.0.1", port = 0, simulated_gpus = 1 }
            {{recipe.Replace(server, $"127.0.0.1:{mail.Port}", StringComparison.Ordinal)}}
            ca_file = "{{machine.At("authority.pem")}}"
            """, Ct);
        await machine.StartDaemonAsync();

        Assert.Contains("Delivered to ", await machine.DoneAsync("gctl", "notify", "test", "mail"), StringComparison.Ordinal);
        await machine.SubmitAsync("true");
        await mail.Mails.WaitForAsync(mails => mails.Any(one => one.Message.Subject!.Contains("Job completed", StringComparison.Ordinal)), TimeSpan.FromSeconds(60));
        Assert.Equal(user is not null && !implicitTls, mail.Commands.Snapshot().Contains("STARTTLS"));

        // Before STARTTLS such servers offer no login, and after it these. The one that asks for none offers STARTTLS all the same.
        string? Reply(string line) => !line.StartsWith("EHLO", StringComparison.Ordinal) ? null
            : user is not null && (implicitTls || Interlocked.Increment(ref greetings) % 2 == 0) ? $"250-relay\r\n250 AUTH {mechanisms}"
            : "250-relay\r\n250 STARTTLS";
    }

    [GeneratedRegex(@"^```toml\n(.*?)\n```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Recipe();
}
