using System.Text.Json;
using Gflow.EndToEnd.TestKit;
using MimeKit;

namespace Gflow.EndToEnd.Notifications;

/// <summary>Every form of an SMTP URL with a real mail server: the mail is in the box, or the daemon's log says what to fix.</summary>
public sealed class MailServerTests(Installation installed, Postfix postfix) : IClassFixture<Postfix>
{
    private const string Sender = "gflow <gflow@lab.example>";

    /// <summary>URLs, what follows the host there, and with which protocol the server says it took the mail: S is TLS, A a login (RFC 3848).</summary>
    public static TheoryData<string, string> Forms => new()
    {
        { "smtps://LOGIN@HOST", "ESMTPSA" },
        { "smtps://LOGIN@HOST:465", "ESMTPSA" },
        { "smtps://LOGIN@HOST?tls=required", "ESMTPSA" },
        { "smtps://LOGIN@HOST?tls=opportunistic", "ESMTPSA" },
        { "smtps://LOGIN@HOST?tls=none", "ESMTPSA" },
        { "smtp://LOGIN@HOST?tls=required", "ESMTPSA" },
        { "smtp://LOGIN@HOST:587?tls=required", "ESMTPSA" },
        { "smtp://LOGIN@HOST?tls=opportunistic", "ESMTPSA" },
        { "smtp://LOGIN@LOGINONLY?tls=required", "ESMTPSA" },
        { "smtp://ONLYTLS:25?tls=required", "ESMTPS" },
        { "smtp://ONLYTLS:25?tls=opportunistic", "ESMTPS" },
        { "smtp://LOGIN@WITHOUTTLS?tls=opportunistic", "ESMTPA" },
        { "smtp://LOGIN@WITHOUTTLS:587", "ESMTPA" },
        { "smtp://HOST", "ESMTP" },
        { "smtp://HOST:25", "ESMTP" },
    };

    /// <summary>URLs or what else is written, and the words of the log that say what to fix.</summary>
    public static TheoryData<string, string> Refusals => new()
    {
        { "smtp://gflow%40lab.example:hunter2@HOST?tls=required", "Stopped sending to real: SMTP 535 to the credentials: 5.7.8 Error: authentication failed" },
        { "smtps://LOGIN@UNTRUSTED", "no trusted TLS connection: nobody whom this machine trusts vouches for its certificate; name the authority's certificate in ca_file" },
        { "smtps://LOGIN@OTHERNAME", "no trusted TLS connection: its certificate is for mail.lab.example and not for the host of smtp_url; write there the name that the certificate has" },
        { "smtp://LOGIN@WITHOUTTLS?tls=required", "the server offers no STARTTLS, and smtp_url asks for it" },
        { "smtps://LOGIN@HOST:587", "the server speaks no TLS there" },
        { "smtp://ONLYTLS", "SMTP 530 to the sender: 5.7.0 Must issue a STARTTLS command first" },
        { "smtp://LOGIN@HOST:587", "the server offers neither PLAIN nor LOGIN, and smtp_url has a password; it may offer them once the connection is encrypted: use smtps:// or ?tls=required" },
        { "smtp://LOGIN@NETWORK?tls=opportunistic", "the connection is not encrypted, and no password is sent in clear; use smtps:// or ?tls=required in smtp_url, or set allow_cleartext_auth = true" },
        { "smtp://LOGIN@NETWORK", "the connection is not encrypted, and no password is sent in clear" },
        { "smtp://HOST:1", "connection refused" },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Each_form_of_the_URL_brings_the_mail_into_the_box(string url, string protocol)
    {
        await using var machine = await MachineAsync(url);

        var received = Received(await TellAsync(machine));

        Assert.Contains($" with {protocol} ", received, StringComparison.Ordinal);
        Assert.Equal(protocol.Contains('A'), received.Contains("(Authenticated sender: gflow@lab.example)", StringComparison.Ordinal));
        Assert.Equal(protocol.Contains("SMTPS", StringComparison.Ordinal), received.Contains("(using TLSv1.", StringComparison.Ordinal));
        if (url.Contains("LOGINONLY", StringComparison.Ordinal))
        {
            Assert.Contains("sasl_method=LOGIN", postfix.Log, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("smtp://HOST/gpu1.lab.example", "from gpu1.lab.example (")]
    [InlineData("smtp://HOST/[192.0.2.7]", "from [192.0.2.7] (")]
    public async Task The_path_is_the_name_that_greets_the_server(string url, string greeting)
    {
        await using var machine = await MachineAsync(url);

        Assert.StartsWith(greeting, Received(await TellAsync(machine)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_crosses_a_network_in_clear_where_that_is_allowed()
    {
        await using var machine = await MachineAsync("smtp://LOGIN@NETWORK?tls=opportunistic", more: "allow_cleartext_auth = true");

        Assert.Contains(" with ESMTPA ", Received(await TellAsync(machine)), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task What_stands_in_the_way_is_in_the_log_with_its_remedy_and_without_the_password(string url, string says)
    {
        await using var machine = await MachineAsync(url);
        await machine.SubmitAsync("true");

        await machine.UntilAsync(() => machine.DaemonLog.Contains(says, StringComparison.Ordinal), $"the log says: {says}");

        Assert.DoesNotContain("Gave up", machine.DaemonLog, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", machine.DaemonLog, StringComparison.Ordinal);
        Assert.DoesNotContain("p/w", machine.DaemonLog, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Somebody_elses_authority_is_nobody_to_trust_without_the_file()
    {
        await using var machine = await MachineAsync("smtps://LOGIN@HOST", authority: false);
        await machine.SubmitAsync("true");

        await machine.UntilAsync(() => machine.DaemonLog.Contains("name the authority's certificate in ca_file", StringComparison.Ordinal), "the log names the remedy");
    }

    [Fact]
    public async Task A_refused_sender_is_for_the_configuration_to_mend()
    {
        await using var machine = await MachineAsync("smtp://LOGIN@HOST?tls=required", from: "taken@lab.example");
        await machine.SubmitAsync("true");

        await machine.UntilAsync(
            () => machine.DaemonLog.Contains("Stopped sending to real: SMTP 553 to the sender: 5.7.1 <taken@lab.example>: Sender address rejected: not owned by user", StringComparison.Ordinal),
            "the log has the server's words");
    }

    [Fact]
    public async Task A_refused_recipient_is_given_up_and_the_others_get_their_mail()
    {
        await using var machine = await MachineAsync("smtp://HOST", to: "nobody@lab.example");

        await TellAsync(machine);

        await machine.UntilAsync(
            () => machine.DaemonLog.Contains("to real: SMTP 550 to the recipient: 5.1.1 <nobody@lab.example>: Recipient address rejected: User unknown", StringComparison.Ordinal),
            "the log has the server's words");
        Assert.Contains("Gave up delivering ", machine.DaemonLog, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_greylisted_comes_back_and_a_full_box_is_given_up_for_itself_alone()
    {
        await using var machine = await MachineAsync("smtp://CHOOSY", to: "boxfull@lab.example");

        await TellAsync(machine);

        await machine.UntilAsync(
            () => machine.DaemonLog.Contains("to real: SMTP 552 to the recipient: 5.2.2 <boxfull@lab.example>: Recipient address rejected: Mailbox full", StringComparison.Ordinal),
            "the log has the words about the full box");
        Assert.Contains(
            $": SMTP 450 to the recipient: 4.2.0 <{Box(machine)}>: Recipient address rejected: Greylisted", machine.DaemonLog, StringComparison.Ordinal);
        Assert.Single(machine.DaemonLog.Split('\n'), line => line.Contains("Gave up", StringComparison.Ordinal));
        Assert.DoesNotContain("Stopped sending", machine.DaemonLog, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sender_in_the_servers_table_is_for_the_configuration_to_mend()
    {
        await using var machine = await MachineAsync("smtp://CHOOSY", from: "refused@lab.example");
        await machine.SubmitAsync("true");

        await machine.UntilAsync(
            () => machine.DaemonLog.Contains("Stopped sending to real: SMTP 554 to the sender: 5.7.1 <refused@lab.example>: Sender address rejected: not from there", StringComparison.Ordinal),
            "the log has the server's words");
        Assert.DoesNotContain("Gave up", machine.DaemonLog, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_outside_ASCII_gets_its_mail_where_the_server_can_and_is_given_up_where_it_cannot()
    {
        await using var able = await MachineAsync("smtp://HOST", to: "bücher1@lab.example");
        await able.SubmitAsync("true");
        await using var unable = await MachineAsync("smtp://ONLYASCII", to: "bücher2@lab.example");

        await TellAsync(unable);

        await unable.UntilAsync(
            () => unable.DaemonLog.Contains("to real: the server takes only addresses whose part before the @ is ASCII (it offers no SMTPUTF8); the recipient's is none", StringComparison.Ordinal),
            "the log says why");
        var mail = await postfix.MailAsync("bücher1@lab.example");
        Assert.Equal("bücher1@lab.example", mail.To.Mailboxes.Single().Address);
        Assert.Contains(" with UTF8SMTP ", Received(mail), StringComparison.Ordinal);
    }

    /// <summary>A machine whose mails go to the server, to a box of its own and to whom else is given.</summary>
    private async Task<Machine> MachineAsync(string url, string from = Sender, string? to = null, bool authority = true, string more = "")
    {
        var machine = await Machine.CreateAsync(installed);
        try
        {
            List<string> recipients = to is null ? [Box(machine)] : [Box(machine), to];
            machine.Configure(
                gpus: 1,
                $"""
                [[notifications.emails]]
                name = "real"
                smtp_url = "{Url(url)}"
                from = "{from}"
                to = {JsonSerializer.Serialize(recipients, JsonSerializerOptions.Web)}
                events = ["job_completed"]
                {(authority ? $"ca_file = \"{postfix.AuthorityFile}\"" : "")}
                {more}
                """);
            await machine.StartDaemonAsync();
            return machine;
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    private string Url(string url) => new Dictionary<string, string>
    {
        ["LOGINONLY"] = postfix.OnlyLogin,
        ["LOGIN@"] = Postfix.Login + "@",
        ["HOST"] = postfix.Host,
        ["CHOOSY"] = postfix.Choosy,
        ["WITHOUTTLS"] = postfix.WithoutTls,
        ["ONLYTLS"] = postfix.OnlyTls,
        ["ONLYASCII"] = postfix.OnlyAscii,
        ["UNTRUSTED"] = postfix.Untrusted,
        ["OTHERNAME"] = postfix.OtherName,
        ["NETWORK"] = postfix.OverTheNetwork,
    }.Aggregate(url, (text, name) => text.Replace(name.Key, name.Value, StringComparison.Ordinal));

    private static string Box(Machine machine) => "box" + Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(Path.GetFileName(machine.Root))) + "@lab.example";

    /// <summary>What the server noted about how the mail came.</summary>
    private static string Received(MimeMessage mail) => mail.Headers[HeaderId.Received] ?? "";

    /// <summary>Runs a job and waits for the mail that tells of its end.</summary>
    private async Task<MimeMessage> TellAsync(Machine machine)
    {
        var job = await machine.SubmitAsync("true");
        var mail = await postfix.MailAsync(Box(machine));
        Assert.Equal($"Job completed: job #{job} (true)", mail.Subject);
        Assert.Contains("completed with exit code 0 at ", mail.TextBody, StringComparison.Ordinal);
        return mail;
    }
}
