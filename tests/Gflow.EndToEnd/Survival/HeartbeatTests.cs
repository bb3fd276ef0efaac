using System.Diagnostics;
using System.Globalization;
using Gflow.Daemon.Demo;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Survival;

/// <summary>A watcher that only knows when it was last called notices whatever keeps people from being told, and nothing else.</summary>
public sealed class HeartbeatTests(Installation installed)
{
    /// <summary>A watcher that expects a call every second raises the alarm then.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);

    /// <summary>Ten seconds here; a soak asks for more with GFLOW_HEALTHY_SECONDS.</summary>
    private static readonly TimeSpan Healthy = TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("GFLOW_HEALTHY_SECONDS") ?? "10", CultureInfo.InvariantCulture));

    [Fact]
    public async Task A_kill_a_stop_and_targets_that_are_down_are_noticed_and_so_is_that_they_are_over()
    {
        await using var watcher = await WebhookReceiver.StartAsync();
        await using var machine = await Machine.CreateAsync(installed);
        Configure(machine, watcher, machine.Hook.Url);
        await machine.StartDaemonAsync();
        await BeatsAsync(machine, watcher);

        Processes.Signal(machine.DaemonPid, Processes.Stop);
        await SilentAsync(machine, watcher);
        Processes.Signal(machine.DaemonPid, Processes.Continue);
        await BeatsAsync(machine, watcher);

        await machine.KillDaemonAsync();
        await SilentAsync(machine, watcher);
        Configure(machine, watcher, new Uri($"http://127.0.0.1:{ForeignServer.FreePort()}/"));
        await machine.StartDaemonAsync();
        await BeatsAsync(machine, watcher);

        await machine.EndedAsync(await machine.SubmitAsync("true"));
        await SilentAsync(machine, watcher);
        Assert.Contains("not sent: nothing gets through to any target", await machine.DoneAsync("gflowd", "status"), StringComparison.Ordinal);
        Assert.Equal(4, (await machine.RunAsync("gflowd", "status", "--check")).Code);
        Configure(machine, watcher, machine.Hook.Url);
        await machine.DoneAsync("gflowd", "reload");
        await BeatsAsync(machine, watcher);
    }

    [Fact]
    public async Task A_full_disk_is_noticed_and_so_is_that_it_has_room_again()
    {
        await using var watcher = await WebhookReceiver.StartAsync();
        await using var machine = await Machine.CreateAsync(installed);
        await using var disk = await SmallDisk.MountAsync(machine.At("disk.img"), machine.DataDirectory, 48 << 20);
        Configure(machine, watcher, machine.Hook.Url);
        await machine.StartDaemonAsync();
        await BeatsAsync(machine, watcher);

        disk.Fill();
        await SilentAsync(machine, watcher);
        disk.MakeRoom();
        await BeatsAsync(machine, watcher);
        await machine.StopDaemonAsync();
    }

    [Fact]
    public async Task A_healthy_daemon_raises_no_alarm_however_much_it_has_to_do()
    {
        await using var watcher = await WebhookReceiver.StartAsync();
        await using var machine = await Machine.CreateAsync(installed);
        Configure(machine, watcher, machine.Hook.Url);
        await machine.StartDaemonAsync();
        await BeatsAsync(machine, watcher);
        var gap = new Gap(watcher);
        using var enough = new CancellationTokenSource(Healthy);
        var load = Task.WhenAll(SubmitAsync(machine, enough.Token), SubmitAsync(machine, enough.Token));
        await machine.UntilAsync(() =>
            {
                gap.Look();
                return load.IsCompleted;
            },
             "the load has ended", Healthy + TimeSpan.FromMinutes(1));
        await load;
        Assert.True(gap.Longest < Silence, $"{gap.Longest} without a beat");
        Assert.All(watcher.Requests.Snapshot(), beat => Assert.Equal("/ping", beat.Path));
        Assert.InRange(watcher.Requests.Snapshot().Count, Healthy.TotalSeconds * 0.8, (Healthy.TotalSeconds * 1.2) + 10);
    }

    private static async Task SubmitAsync(Machine machine, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            await machine.SubmitAsync("true");
        }
    }

    private static void Configure(Machine machine, WebhookReceiver watcher, Uri hook) => Replaced.Write(machine.ConfigFile, $$"""
        [daemon]
        host = "127.0.0.1"
        port = 0
        simulated_gpus = 1

        [storage]
        min_free_mb = 16

        [notifications]
        enabled = true
        heartbeat = { url = "{{watcher.Url}}ping", every = "1s" }

        [[notifications.webhooks]]
        name = "hook"
        url = "{{hook}}"

        """);

    private static Task BeatsAsync(Machine machine, WebhookReceiver watcher)
    {
        var before = watcher.Requests.Snapshot().Count;
        return machine.UntilAsync(() => watcher.Requests.Snapshot().Count > before, "the watcher is called");
    }

    private static Task SilentAsync(Machine machine, WebhookReceiver watcher)
    {
        var gap = new Gap(watcher);
        return machine.UntilAsync(() => gap.Look() > Silence, "the watcher is called no more");
    }

    /// <summary>How long a watcher has not been called, as far as somebody looks.</summary>
    private sealed class Gap(WebhookReceiver watcher)
    {
        private int _calls = watcher.Requests.Snapshot().Count;
        private long _since = Stopwatch.GetTimestamp();

        public TimeSpan Longest { get; private set; }

        /// <returns>The longest so far.</returns>
        public TimeSpan Look()
        {
            if (watcher.Requests.Snapshot().Count is var calls && calls != _calls)
            {
                (_calls, _since) = (calls, Stopwatch.GetTimestamp());
            }

            var now = Stopwatch.GetElapsedTime(_since);
            Longest = now > Longest ? now : Longest;
            return Longest;
        }
    }
}
