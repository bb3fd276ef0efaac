using System.Net.Sockets;
using Gflow.Daemon.Execution.Local;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Fuzz;

public sealed class LauncherFuzzTests
{
    /// <summary>The highest there is, so that no input can make the launcher believe in a newer daemon.</summary>
    private const long Epoch = long.MaxValue;

    /// <summary>An id that no input names, so that none can end the job.</summary>
    private const uint Job = 0xBEEF_CAFE;

    [Fact]
    public async Task The_launcher_and_its_job_outlive_whatever_a_daemon_says()
    {
        await using var home = new LauncherHome();
        var before = await home.ConnectAsync(Epoch);
        var started = await home.StartAsync(before, home.Shell("exec sleep 600", Job));
        await before.DisposeAsync();

        await FuzzRun.OfAsync(new FuzzTarget("launcher-order", input => SayAsync(home.SocketPath, [.. LauncherMessages.Hello(Epoch), .. input])) { Seconds = 3 });

        var after = home.Create(Epoch);
        Assert.Contains(await after.ConnectAsync(home.Patience), job => job.JobId == Job && job.Pid == started.Pid && !job.Ended);
        Assert.Equal(before.LauncherPid, after.LauncherPid);
    }

    /// <summary>Sends it all and waits until the launcher has dealt with it and closed the connection.</summary>
    private static async Task SayAsync(string path, byte[] orders)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        try
        {
            await socket.SendAsync(orders);
            socket.Shutdown(SocketShutdown.Send);
            var answers = new byte[64 * 1024];
            while (await socket.ReceiveAsync(answers) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // It closed the connection before it had read the rest.
        }
    }
}
