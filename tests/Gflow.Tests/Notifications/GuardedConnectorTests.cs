using System.Net;
using System.Net.Sockets;
using Gflow.Core.Notifications;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Tests.TestKit;
using MimeKit;

namespace Gflow.Tests.Notifications;

public sealed class GuardedConnectorTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_looks_up_once_and_connects_to_what_it_judged()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var names = new FakeNames([IPAddress.Loopback], [IPAddress.Parse("169.254.169.254")]);

        using var socket = await Connections.By(names).ConnectAsync("changing.example", port, Ct);

        Assert.Equal(new IPEndPoint(IPAddress.Loopback, port), socket.RemoteEndPoint);
        Assert.Equal(["changing.example"], names.Asked);
    }

    [Fact]
    public async Task A_name_that_changes_to_a_forbidden_address_gets_no_connection()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var names = new FakeNames([IPAddress.Loopback], [IPAddress.Parse("::ffff:169.254.169.254")], [IPAddress.Any]);
        var connector = Connections.By(names);
        (await connector.ConnectAsync("changing.example", receiver.Url.Port, Ct)).Dispose();
        await using var sink = Hook(new Uri($"http://changing.example:{receiver.Url.Port}/"), connector);

        Assert.Equal(Refused("a cloud's metadata service"), await SendAsync(sink));
        Assert.Equal(Refused("unspecified"), await SendAsync(sink));
        Assert.Empty(receiver.Requests.Snapshot());
    }

    [Fact]
    public async Task Of_several_addresses_the_forbidden_are_passed_over()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var sink = Hook(new Uri($"http://lab.example:{receiver.Url.Port}/"), Connections.By(FakeNames.Of("fe80::1", "169.254.1.1", "127.0.0.1")));

        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(sink));
    }

    [Fact]
    public async Task An_address_where_nobody_answers_is_passed_over_for_the_next()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        using var socket = await Connections.By(FakeNames.Of("127.0.0.2", "127.0.0.1")).ConnectAsync("lab.example", port, Ct);

        Assert.Equal(new IPEndPoint(IPAddress.Loopback, port), socket.RemoteEndPoint);
    }

    [Theory]
    [InlineData("169.254.169.254", "a cloud's metadata service")]
    [InlineData("fe80::1", "link-local")]
    [InlineData("224.0.0.1", "multicast")]
    [InlineData("127.0.0.1", "the API of gflow itself")]
    public async Task A_forbidden_address_is_a_fault_of_the_target_and_the_rule_is_named(string address, string rule)
    {
        const int Port = 59000;
        var connector = Connections.By(FakeNames.Of(address), ownPort: Port);
        await using var hook = Hook(new Uri($"http://user:hunter2@target.example:{Port}/hunter2"), connector);
        await using var mail = Mail("target.example", Port, connector);

        Assert.Equal(Refused(rule), await SendAsync(hook));
        Assert.Equal(Refused(rule), await SendAsync(mail, "ops@example.com"));
    }

    /// <summary>Every way to write an address is read by the system as it would be for a connection, and only then judged.</summary>
    [Theory]
    [InlineData("2852039166")]
    [InlineData("0xa9fea9fe")]
    [InlineData("0xA9.0xFE.0xA9.0xFE")]
    [InlineData("0251.0376.0251.0376")]
    [InlineData("169.254.43518")]
    [InlineData("169.16689662")]
    [InlineData("169.254.169.254")]
    [InlineData("[::ffff:169.254.169.254]")]
    [InlineData("[::ffff:a9fe:a9fe]")]
    [InlineData("[64:ff9b::a9fe:a9fe]")]
    [InlineData("[fe80::1%25lo]")]
    [InlineData("[fe80::1]")]
    [InlineData("0")]
    [InlineData("0.0.0.0")]
    [InlineData("[::]")]
    [InlineData("255.255.255.255")]
    public async Task No_spelling_of_an_address_gets_past_the_rules(string host)
    {
        await using var sink = Hook(new Uri($"http://{host}:9/"), Connections.Open);

        Assert.EndsWith("notifications do not go there", Assert.IsType<DeliveryOutcome.TargetFault>(await SendAsync(sink)).Reason);
    }

    [Theory]
    [InlineData("2852039166")]
    [InlineData("0xa9fea9fe")]
    [InlineData("0251.0376.0251.0376")]
    [InlineData("169.254.43518")]
    public async Task No_spelling_of_a_mail_server_does_either(string host)
    {
        await using var sink = Mail(host, 25, Connections.Open);

        Assert.EndsWith("notifications do not go there", Assert.IsType<DeliveryOutcome.TargetFault>(await SendAsync(sink, "ops@example.com")).Reason);
    }

    [Fact]
    public async Task A_look_up_that_hangs_holds_one_thread_of_its_own_and_no_attempt_beyond_its_deadline()
    {
        using var release = new ManualResetEventSlim();
        var lookUps = 0;
        var ofPool = false;
        var names = new SystemNameResolver(host =>
        {
            if (host == "stuck.example")
            {
                Interlocked.Increment(ref lookUps);
                ofPool |= Thread.CurrentThread.IsThreadPoolThread;
                release.Wait(Ct);
            }

            return [IPAddress.Loopback];
        });
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var hook = Hook(new Uri($"http://stuck.example:{receiver.Url.Port}/"), Connections.By(names));
        await using var mail = Mail("stuck.example", receiver.Url.Port, Connections.By(names));
        await using var other = Hook(new Uri($"http://other.example:{receiver.Url.Port}/"), Connections.By(names));
        using var deadline = new CancellationTokenSource();

        var stuck = (Task[])[.. Enumerable.Range(0, 20).Select(i => i % 2 == 0 ? SendAsync(hook, null, deadline.Token) : SendAsync(mail, "ops@example.com", deadline.Token))];
        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(other).WaitAsync(Patience, Ct));
        await deadline.CancelAsync();
        foreach (var attempt in stuck)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => attempt.WaitAsync(Patience, Ct));
        }

        Assert.Equal((1, false), (lookUps, ofPool));
        release.Set();
        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(hook).WaitAsync(Patience, Ct));
    }

    [Fact]
    public async Task A_name_that_nobody_knows_and_one_that_can_be_none_are_told_alike()
    {
        var names = new SystemNameResolver(host => host.Length > 5 ? throw new ArgumentException("too long") : []);
        foreach (var host in (string[])["none", "too-long"])
        {
            var failure = await Assert.ThrowsAsync<SocketException>(() => names.ResolveAsync(host, Ct));
            Assert.Equal(SocketError.HostNotFound, failure.SocketErrorCode);
        }
    }

    private static DeliveryOutcome.TargetFault Refused(string rule) => new($"its address is {rule}, and notifications do not go there");

    private static WebhookSink Hook(Uri url, GuardedConnector connector) =>
        new(new WebhookTargetOptions { Name = "ops", Url = url }, TimeProvider.System, connector);

    private static EmailSink Mail(string host, int port, GuardedConnector connector) => new(
        new EmailTransportOptions
        {
            Name = "ops",
            Smtp = new SmtpEndpoint { Host = host, Port = port, TlsMode = SmtpTlsMode.None, User = "gflow", Password = "hunter2" },
            From = MailboxAddress.Parse("gflow@example.com"),
        },
        TimeProvider.System,
        connector);

    private static Task<DeliveryOutcome> SendAsync(INotificationSink sink, string? recipient = null, CancellationToken? deadline = null)
    {
        var message = SamplePayloads.Message(SamplePayloads.FailedJob, recipient);
        return sink.SendAsync(message, sink.Render(message), deadline ?? Ct);
    }
}
