using System.Globalization;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Shared;

/// <summary>Users of this machine, made for the tests and removed after them: one to serve, and two who submit.</summary>
public sealed class People : IAsyncLifetime
{
    private static readonly Dictionary<string, string> Environment = new() { ["PATH"] = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin", ["LANG"] = "C.UTF-8" };

    private readonly string _mark = Guid.NewGuid().ToString("N")[..8];

    /// <summary>As whom daemons serve.</summary>
    public string Server => $"gfs{_mark}";

    /// <summary>A submitter, who has a further group.</summary>
    public string Ann => $"gfa{_mark}";

    /// <summary>Another submitter.</summary>
    public string Bob => $"gfb{_mark}";

    public async ValueTask InitializeAsync()
    {
        Assert.True(System.Environment.UserName == "root", "A shared daemon is started by root: run the end-to-end tests as root");
        await DoneAsync("useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", Server);
        await DoneAsync("useradd", "--create-home", "--groups", "games", Ann);
        await DoneAsync("useradd", "--create-home", Bob);
    }

    public async ValueTask DisposeAsync()
    {
        await Run.Async("userdel", ["--remove", "--force", Ann], Environment);
        await Run.Async("userdel", ["--remove", "--force", Bob], Environment);
        await Run.Async("userdel", ["--force", Server], Environment);
    }

    /// <summary>What <c>id</c> says of a user.</summary>
    public static async Task<string> IdAsync(string option, string user) => (await DoneAsync("id", option, user)).Trim();

    public static async Task<uint> UidAsync(string user) => uint.Parse(await IdAsync("-u", user), CultureInfo.InvariantCulture);

    /// <summary>Runs a program as somebody, at his home and with nothing in the environment but what is given.</summary>
    internal static Task<Ran> AsAsync(string user, IReadOnlyDictionary<string, string> environment, string program, params string[] arguments) =>
        Run.Async(
            "setpriv",
            ["--reuid", user, "--regid", user, "--init-groups", "--inh-caps=-all", program, .. arguments],
            new Dictionary<string, string>(environment) { ["HOME"] = $"/home/{user}", ["USER"] = user },
            Directory.Exists($"/home/{user}") ? $"/home/{user}" : "/");

    /// <summary>Runs a program as root that has to succeed; what it prints.</summary>
    internal static async Task<string> DoneAsync(string program, params string[] arguments)
    {
        var ran = await Run.Async(program, arguments, Environment);
        Assert.True(ran.Code == 0, $"{program} {string.Join(' ', arguments)}: {ran}");
        return ran.Out;
    }
}
