using Gflow.Daemon.Notifications.Email;

namespace Gflow.Tests.Configuration;

public sealed class SmtpEndpointTests
{
    [Theory]
    [InlineData("smtps://h.example", "h.example", 465, "Implicit")]
    [InlineData("smtps://h?tls=required", "h", 465, "Implicit")]
    [InlineData("smtps://h:2465/?tls=none", "h", 2465, "Implicit")]
    [InlineData("smtp://h?tls=required", "h", 587, "StartTlsRequired")]
    [InlineData("smtp://h:25?tls=required", "h", 25, "StartTlsRequired")]
    [InlineData("smtp://h/?tls=opportunistic", "h", 587, "Opportunistic")]
    [InlineData("smtp://h", "h", 25, "None")]
    [InlineData("smtp://localhost:25", "localhost", 25, "None")]
    [InlineData("SMTP://h", "h", 25, "None")]
    [InlineData(" smtp://192.0.2.1 ", "192.0.2.1", 25, "None")]
    [InlineData("smtp://[2001:db8::1]:2525", "2001:db8::1", 2525, "None")]
    public void Scheme_and_option_decide_encryption_and_port(string url, string host, int port, string mode)
    {
        var read = SmtpEndpoint.Parse(url);
        Assert.True(read.Ok);
        Assert.Equal((host, port, Enum.Parse<SmtpTlsMode>(mode)), (read.Value.Host, read.Value.Port, read.Value.TlsMode));
        Assert.Null(read.Value.EhloName);
    }

    [Theory]
    [InlineData("smtps://user:pass@h", "user", "pass")]
    [InlineData("smtps://us%40er:p%C3%A4ss%2F@h", "us@er", "päss/")]
    [InlineData("smtps://user:100%25@h", "user", "100%")]
    [InlineData("smtps://user:100%@h", "user", "100%")]
    [InlineData("smtps://user:a%2541@h", "user", "a%41")]
    [InlineData("smtps://user:a:b@h", "user", "a:b")]
    [InlineData("smtps://user:a@b@h", "user", "a@b")]
    [InlineData("smtps://user:@h", "user", "")]
    [InlineData("smtps://user@h", null, null)]
    public void Credentials_are_percent_decoded_and_need_a_password(string url, string? user, string? password)
    {
        var read = SmtpEndpoint.Parse(url);
        Assert.True(read.Ok);
        Assert.Equal((user, password, "h"), (read.Value.User, read.Value.Password, read.Value.Host));
    }

    [Theory]
    [InlineData("smtp://h/gpu.lab.example", "gpu.lab.example")]
    [InlineData("smtp://h/[192.0.2.7]?tls=required", "[192.0.2.7]")]
    [InlineData("smtp://h/%5B192.0.2.7%5D", "[192.0.2.7]")]
    public void The_path_is_the_name_to_greet_with(string url, string name) =>
        Assert.Equal(name, SmtpEndpoint.Parse(url).Value.EhloName);

    [Theory]
    [InlineData("", "not an SMTP URL")]
    [InlineData("   ", "not an SMTP URL")]
    [InlineData("mail.example.com", "not an SMTP URL")]
    [InlineData("smtp://", "not an SMTP URL")]
    [InlineData("smtp://u:p@", "not an SMTP URL")]
    [InlineData("smtp://h h", "not an SMTP URL")]
    [InlineData("imap://h", "neither smtps nor smtp")]
    [InlineData("https://h", "neither smtps nor smtp")]
    [InlineData("smtp://h?tls=none", "required or opportunistic")]
    [InlineData("smtp://h?tls=Required", "required or opportunistic")]
    [InlineData("smtp://h?tsl=required", "required or opportunistic")]
    [InlineData("smtp://h?tls=required&x=1", "required or opportunistic")]
    [InlineData("smtp://h:0", "1 to 65535")]
    [InlineData("smtp://h:65536", "1 to 65535")]
    [InlineData("smtp://h:twentyfive", "1 to 65535")]
    [InlineData("smtp://user:hunter2/x@h", "%2F")]
    [InlineData("smtp://user:hunter2?x@h", "%2F")]
    [InlineData("smtp://:pass@h", "no user")]
    [InlineData("smtp://u:%FF@h", "UTF-8")]
    [InlineData("smtp://h/a%0D%0Ab", "greet")]
    [InlineData("smtp://h/a/b", "greet")]
    [InlineData("smtp://-%-", "neither a name nor an address")]
    public void Anything_else_is_refused_without_quoting_it(string url, string says)
    {
        var read = SmtpEndpoint.Parse(url);
        Assert.False(read.Ok);
        Assert.Contains(says, read.Problems[0].Message);
        Assert.DoesNotContain("hunter2", read.Problems[0].Message);
    }
}
