using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.History;

/// <summary>What can happen to a daemon that nobody asked it about.</summary>
internal enum Disturbance
{
    Kill,
    Reload,
    ClockJump,
    FullDisk,
}

/// <summary>Does things to a daemon while others work with it, in an order and at instants that a seed says.</summary>
/// <param name="disk">Where its data are; null when there is none that can be filled.</param>
/// <param name="configure">Writes the configuration, with the target of some times or without.</param>
internal sealed class Disturber(int seed, Machine machine, FakedClock clock, SmallDisk? disk, Action<bool> configure, Workload work, Recorder recorder)
{
    /// <summary>What happens of ten times.</summary>
    private static readonly Disturbance[] Mixture =
    [
        Disturbance.Kill, Disturbance.Kill, Disturbance.Kill, Disturbance.Kill, Disturbance.Reload,
        Disturbance.Reload, Disturbance.ClockJump, Disturbance.ClockJump, Disturbance.ClockJump, Disturbance.FullDisk,
    ];

    /// <summary>How far ahead the clock may be; it goes round these one way or the other, so that it soon has been at each.</summary>
    private static readonly TimeSpan[] Clocks = [TimeSpan.Zero, TimeSpan.FromHours(1), TimeSpan.FromHours(-1)];

    private readonly Random _random = new(seed);
    private bool _configured = true;
    private int _jumps;
    private int _clock;

    /// <summary>How often each thing was done.</summary>
    public Dictionary<Disturbance, int> Done { get; } = [];

    /// <summary>Lets the work be done in as many shares as there are disturbances, disturbs each, and ends it.</summary>
    /// <param name="operations">At least; what is done beside them lets somebody see a disturbance.</param>
    public async Task DisturbAsync(int operations, int times)
    {
        for (var turn = 1; turn <= times; turn++)
        {
            if (turn % Mixture.Length == 1)
            {
                _random.Shuffle(Mixture);
            }

            var share = operations / times;
            var before = work.Done;
            work.Allow(before + share);
            await ReachedAsync(before + _random.Next(share));
            var what = Mixture[turn % Mixture.Length];
            if (what != Disturbance.FullDisk || disk is not null)
            {
                await DoAsync(what);
                Done[what] = Done.GetValueOrDefault(what) + 1;
            }

            await ReachedAsync(before + share);
        }

        work.End();
    }

    /// <summary>Sets everything right.</summary>
    public async Task CalmAsync()
    {
        clock.Set(TimeSpan.Zero);
        _configured = false;
        await ReloadAsync();
    }

    private Task ReachedAsync(int done) =>
        machine.UntilAsync(() => Task.FromResult(work.Done >= done), $"{done} operations are done", TimeSpan.FromMinutes(10));

    /// <summary>Waits for something that only those who work can see, and lets them work meanwhile, beyond their share if need be.</summary>
    private Task WorkingUntilAsync(Func<bool> condition, string what) =>
        machine.UntilAsync(
            () =>
            {
                work.Allow(Math.Max(work.Allowed, work.Done + 1));
                return condition();
            },
            what);

    private async Task DoAsync(Disturbance what)
    {
        switch (what)
        {
            case Disturbance.Kill:
                await KillAsync();
                if (_random.Next(3) == 0)
                {
                    // In the first moments of the next one, where the last one's work is taken up.
                    await Task.Delay(_random.Next(20, 300), CancellationToken.None);
                    await KillAsync();
                }

                break;
            case Disturbance.Reload:
                await ReloadAsync();
                break;
            case Disturbance.ClockJump:
                await JumpAsync();
                break;
            case Disturbance.FullDisk:
                await FillAsync(disk!);
                break;
        }
    }

    private async Task KillAsync()
    {
        recorder.Disturbed("killed");
        await machine.KillDaemonAsync();
        machine.LaunchDaemon();
    }

    private async Task ReloadAsync()
    {
        _configured = !_configured;
        configure(_configured);
        await HangUpAsync();
    }

    private async Task JumpAsync()
    {
        var way = new Random(unchecked(seed - (_jumps++ / Clocks.Length))).Next(1, Clocks.Length);
        _clock = (_clock + way) % Clocks.Length;
        clock.Set(Clocks[_clock]);
        recorder.Disturbed($"the clock is {clock.Ahead} ahead");
        await WorkingUntilAsync(() => recorder.LastOff is { } off && (off - clock.Ahead).Duration() < TimeSpan.FromMinutes(30), "an event is of that time");
    }

    private async Task FillAsync(SmallDisk full)
    {
        await machine.AnsweringAsync();
        recorder.Disturbed("the disk is full");
        full.Fill();

        // It is looked at now and then only, and when it is reloaded.
        await HangUpAsync();
        var refusals = recorder.Refusals;
        await WorkingUntilAsync(() => recorder.Refusals > refusals, "somebody is refused");
        recorder.Disturbed("the disk has room");
        if (_random.Next(2) == 0)
        {
            await machine.KillDaemonAsync();
            full.MakeRoom();
            machine.LaunchDaemon();
        }
        else
        {
            full.MakeRoom();
            await HangUpAsync();
        }
    }

    private async Task HangUpAsync()
    {
        // Before it answers, it does not listen to this signal either and would end.
        await machine.AnsweringAsync();
        recorder.Disturbed($"reloaded, the target of some times {(_configured ? "is" : "is not")} there");
        Processes.Signal(machine.DaemonPid, Processes.Hangup);
    }
}
