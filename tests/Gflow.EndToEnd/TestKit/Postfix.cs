using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Gflow.Tests.TestKit;
using MimeKit;

namespace Gflow.EndToEnd.TestKit;

/// <summary>
/// A Postfix with a directory of its own for all it has, listening at its usual ports at loopback addresses that nobody else uses.
/// It keeps the mail for <c>boxNAME@lab.example</c>, for any NAME of small letters and digits, and for <c>bücherNAME@lab.example</c>.
/// </summary>
public sealed class Postfix : IAsyncLifetime
{
    /// <summary>As it stands in a URL; between them they have all that must be written as %XX.</summary>
    public const string Login = "gflow%40lab.example:p%2Fw%20%C3%A4%25%3A%3F";

    private const string User = "gflow@lab.example";
    private const string Password = "p/w ä%:?";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Dictionary<string, string> Environment = new() { ["PATH"] = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin", ["LANG"] = "C.UTF-8" };

    private readonly string _root = Directory.CreateTempSubdirectory("gflow-postfix-").FullName;
    private readonly string _network = $"127.{Random.Shared.Next(16, 250)}.{Random.Shared.Next(256)}";
    private readonly Greylist _greylist = new();
    private System.Diagnostics.Process? _master;

    /// <summary>Takes mail at 25 in clear without a login; at 465 and 587, there after STARTTLS, with the login.</summary>
    public string Host => $"{_network}.1";

    /// <summary>Has no STARTTLS at 587, and wants the login.</summary>
    public string WithoutTls => $"{_network}.2";

    /// <summary>Has no other login than LOGIN at 587.</summary>
    public string OnlyLogin => $"{_network}.3";

    /// <summary>Its certificate at 465 is from an authority that nobody trusts.</summary>
    public string Untrusted => $"{_network}.4";

    /// <summary>Its certificate at 465 is for another name.</summary>
    public string OtherName => $"{_network}.5";

    /// <summary>Takes nothing without STARTTLS at 25.</summary>
    public string OnlyTls => $"{_network}.6";

    /// <summary>Has no SMTPUTF8 at 25.</summary>
    public string OnlyAscii => $"{_network}.7";

    /// <summary>
    /// Turns everybody away for <see cref="Greylist.While"/> at 25, and <c>refused@lab.example</c> for ever; the box of
    /// <c>boxfull@lab.example</c> is full there.
    /// </summary>
    public string Choosy => $"{_network}.8";

    /// <summary>Host and port, not at a loopback address, without STARTTLS and with a login.</summary>
    public string OverTheNetwork { get; } = $"{OwnAddress()}:{ForeignServer.FreePort()}";

    /// <summary>For <c>ca_file</c>.</summary>
    public string AuthorityFile => At("authority.pem");

    /// <summary>All it has said.</summary>
    public string Log => File.Exists(At("log")) ? File.ReadAllText(At("log")) : "";

    public async ValueTask InitializeAsync()
    {
        Assert.True(System.Environment.UserName == "root", "Postfix runs as root alone: run the end-to-end tests as root");
        File.SetUnixFileMode(_root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        foreach (var directory in new[] { "conf/sasl", "queue", "data", "boxes" })
        {
            Directory.CreateDirectory(At(directory));
        }

        WriteCertificates();
        WriteConfiguration();
        await DoneAsync("sh", "-c", "printf %s \"$1\" | saslpasswd2 -p -c -f \"$2\" -u lab.example gflow", "sh", Password, At("conf/sasl/logins"));
        await DoneAsync("chown", "postfix", At("data"), At("conf/sasl/logins"));
        await DoneAsync("chown", "nobody", At("boxes"));
        await DoneAsync("postfix", "-c", At("conf"), "check");
        _master = Run.Start("postfix", ["-c", At("conf"), "start-fg"], Environment);
        await WaitAsync(() => Log.Contains("daemon started", StringComparison.Ordinal), "Postfix is up");
    }

    /// <summary>Waits for a mail to an address.</summary>
    public async Task<MimeMessage> MailAsync(string address)
    {
        string? file = null;
        await WaitAsync(() => (file = Arrived().FirstOrDefault(mail => File.ReadAllText(mail).Contains($"\nX-Original-To: {address}\n", StringComparison.Ordinal))) is not null, $"a mail is there for {address}");
        return await MimeMessage.LoadAsync(file!, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Processes.EndAllAsync(_root);
        _master?.Dispose();
        _greylist.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private static string OwnAddress() =>
        NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address))?.ToString()
        ?? throw new InvalidOperationException("this machine has no IPv4 address but loopback ones, and what may cross a network cannot be tried");

    private IEnumerable<string> Arrived() => Directory.Exists(At("boxes/all/new")) ? Directory.EnumerateFiles(At("boxes/all/new")) : [];

    private string At(string name) => Path.Combine(_root, name);

    private void WriteCertificates()
    {
        using var authority = new PrivateAuthority();
        using var below = new PrivateAuthority("Authority Below", authority);
        using var stranger = new PrivateAuthority("Stranger");
        File.WriteAllText(AuthorityFile, authority.Pem);
        File.WriteAllText(At("server.pem"), below.IssuePem(1, Host, OnlyLogin, OnlyTls) + below.Pem);
        File.WriteAllText(At("other.pem"), authority.IssuePem(1, "mail.lab.example"));
        File.WriteAllText(At("untrusted.pem"), stranger.IssuePem(1, Untrusted));
    }

    private void WriteConfiguration()
    {
        foreach (var (name, mechanisms) in new[] { ("smtpd", "PLAIN LOGIN"), ("login", "LOGIN") })
        {
            File.WriteAllText(At($"conf/sasl/{name}.conf"), $"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {At("conf/sasl/logins")}\nmech_list: {mechanisms}\n");
        }

        var templates = Path.Combine(Path.GetDirectoryName(ThisFile())!, "postfix");
        foreach (var file in new[] { "main.cf", "master.cf", "boxes" })
        {
            var text = File.ReadAllText(Path.Combine(templates, file))
                .Replace("@ROOT@", _root, StringComparison.Ordinal)
                .Replace("@NETWORK@", _network, StringComparison.Ordinal)
                .Replace("@GREYLIST@", $"{_greylist.Port}", StringComparison.Ordinal)
                .Replace("@OWN@", OverTheNetwork, StringComparison.Ordinal)
                .Replace("@USER@", User, StringComparison.Ordinal);
            File.WriteAllText(At($"conf/{file}"), text);
        }
    }

    private async Task WaitAsync(Func<bool> condition, string what)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
        {
            Assert.False(_master!.HasExited, $"Postfix has ended: {Log}");
            Assert.False(patience.IsCancellationRequested, $"Not within {Patience.TotalSeconds:0} s: {what}\n{Log}");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    private async Task DoneAsync(string program, params string[] arguments)
    {
        var ran = await Run.Async(program, arguments, Environment);
        Assert.True(ran.Code == 0, $"{program}: {ran}{Log}");
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
