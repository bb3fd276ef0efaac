using System.Diagnostics;
using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Gpus;

/// <summary>Four cards of three models, by the real way from the published daemon to the library, and whatever can happen to them.</summary>
public sealed class CardTests(Installation installed)
{
    private const string Rtx = "GPU-rtx";

    private static readonly TimeSpan Prompt = TimeSpan.FromSeconds(10);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_are_counted_along_the_bus_and_shown_with_all_that_the_driver_says()
    {
        await using var machine = await Machine.CreateAsync(installed, gpus: 0);
        _ = NvmlDouble.For(machine);
        await machine.StartDaemonAsync();
        var gpus = await GpusAsync(machine);
        Assert.Equal(["GPU-a100-one", "GPU-a100-two", Rtx, "GPU-l4"], gpus.Select(gpu => gpu.Uuid));
        Assert.Equal(("NVIDIA GeForce RTX 3090", "00000000:B1:00.0", 24_576L, 4L), (gpus[2].Model, gpus[2].BusId, gpus[2].MemoryTotalMb, gpus[2].MemoryUsedMb));
        Assert.Equal((7, 41, 62.5, 3L), (gpus[2].Utilization, gpus[2].TemperatureC, gpus[2].PowerW, gpus[2].EccErrors));
        Assert.All(gpus, gpu => Assert.True(gpu.Available));

        var table = await machine.DoneAsync("ginfo");
        Assert.Contains("GeForce RTX 3090  4M/24G", table, StringComparison.Ordinal);
        var details = await machine.DoneAsync("ginfo", "-v");
        Assert.Contains("Driver=NVIDIA 550.54.15", details, StringComparison.Ordinal);
        Assert.Contains("BusID=00000000:B1:00.0", details, StringComparison.Ordinal);
        Assert.Equal("0\tavailable\n1\tavailable\n2\tavailable\n3\tavailable\n", await machine.DoneAsync("gctl", "show-gpus"));

        // The smallest that will do, by the numbers that CUDA counts.
        Assert.Equal("3", await VisibleAsync(machine, "small", "-g", "1"));
        Assert.Equal("0,1", await VisibleAsync(machine, "large", "-g", "a100:2"));
        Assert.Contains("this machine has 2 × NVIDIA A100-SXM4-80GB (79.6G) (GPU 0,1)", (await machine.RunAsync("gbatch", "-g", "a100:3", "true")).Error, StringComparison.Ordinal);

        var probed = await machine.RunAsync("gflowd", "gpu-probe");
        Assert.Equal(0, probed.Code);
        using var report = JsonDocument.Parse(probed.Out);
        Assert.Equal("GPU-a100-one", report.RootElement.GetProperty("cards")[0].GetProperty("uuid").GetString());
        await machine.DeliveredAsync();
        Assert.DoesNotContain(Told(machine), payload => payload.Event == "gpu_available");
    }

    [Fact]
    public async Task A_process_of_somebody_else_keeps_a_card_from_jobs_until_it_is_gone_or_ignored()
    {
        await using var machine = await Machine.CreateAsync(installed, gpus: 0);
        var cards = NvmlDouble.For(machine);
        await machine.StartDaemonAsync();
        using var foreign = Foreigner.Start("sleep", "1000");
        cards.Add($"process {Rtx} {foreign.Id} 1500");
        await ReasonAsync(machine, Rtx, $"unmanaged(pid={foreign.Id})");
        var seen = Assert.Single((await GpuAsync(machine, Rtx)).Processes!);
        Assert.Equal((System.Environment.UserName, "sleep", 1500L, null), (seen.User, seen.Program, seen.MemoryMb, seen.Job));
        Assert.Contains($"(unmanaged(pid={foreign.Id}): sleep of {System.Environment.UserName})", await machine.DoneAsync("ginfo"), StringComparison.Ordinal);

        var waiting = await machine.SubmitAsync("-g", "rtx3090:1", "sleep", "1000");
        await machine.WaitAsync(waiting, job => job.ReasonText?.Contains($"GPU 2 is used by process {foreign.Id} (sleep of", StringComparison.Ordinal) == true, "says who has its GPU");

        // Ignored as this process and no other.
        Assert.Contains($"Ignoring GPU process PID {foreign.Id} on GPU 2", await machine.DoneAsync("gctl", "gpu-process", "ignore", "--gpu", "2", "--pid", $"{foreign.Id}"), StringComparison.Ordinal);
        await machine.RunningAsync(waiting);
        await machine.ReplaceDaemonAsync();
        Assert.StartsWith($"gpu=2\tpid={foreign.Id}", await machine.DoneAsync("gctl", "gpu-process", "list"), StringComparison.Ordinal);
        await machine.DoneAsync("gcancel", $"{waiting}");
        await machine.EndedAsync(waiting);
        await machine.DoneAsync("gctl", "gpu-process", "unignore", "--gpu", "2", "--pid", $"{foreign.Id}");
        await ReasonAsync(machine, Rtx, $"unmanaged(pid={foreign.Id})");
        var before = Told(machine).Count(payload => payload.Event == "gpu_available");

        foreign.Dispose();
        await machine.UntilAsync(() => Told(machine).Count(payload => payload.Event == "gpu_available") > before, "the card is available again");
        Assert.Equal((2, Rtx), Told(machine).Last(payload => payload.Event == "gpu_available") is var told ? (told.Gpu!.Index, told.Gpu.Uuid) : default);
    }

    [Fact]
    public async Task A_program_that_is_always_ignored_is_known_by_its_file_and_memory_that_nobody_has_is_somebodys()
    {
        await using var machine = await Machine.CreateAsync(installed, gpus: 0);
        var cards = NvmlDouble.For(machine);
        var server = machine.At("mps-server");
        File.Copy("/bin/sleep", server);
        machine.Environment["GFLOW_DAEMON__GPU_IGNORE"] = $"[\"{server}\"]";
        await machine.StartDaemonAsync();
        using var harmless = Foreigner.Start(server, "1000");
        using var pretender = Foreigner.Start("bash", "-c", $"exec -a {server} sleep 1000");
        cards.Add($"process {Rtx} {harmless.Id} 30");
        cards.Add($"process GPU-l4 {pretender.Id} 30");
        await ReasonAsync(machine, "GPU-l4", $"unmanaged(pid={pretender.Id})");
        await ReasonAsync(machine, Rtx, $"manual_ignore(gpu=2,pid={harmless.Id})");
        Assert.True((await GpuAsync(machine, Rtx)).Available);

        // A container's processes have other numbers, or none; their memory shows.
        cards.Cards[2] = cards.Cards[2] with { UsedMb = 30 + 1024 };
        cards.Add("process GPU-a100-one 4194000 5000");
        cards.Cards[1] = cards.Cards[1] with { UsedMb = 5004 };
        cards.Write();
        await ReasonAsync(machine, "GPU-a100-one", "unmanaged(memory=5004M)");
        Assert.True((await GpuAsync(machine, Rtx)).Available);
        cards.Cards[2] = cards.Cards[2] with { UsedMb = 30 + 1025 };
        cards.Write();
        await ReasonAsync(machine, Rtx, "unmanaged(memory=1025M)");
    }

    [Fact]
    public async Task A_jobs_processes_are_the_jobs_and_on_a_card_that_it_was_not_given_its_name_is_said()
    {
        await using var machine = await Machine.CreateAsync(installed, gpus: 0);
        var cards = NvmlDouble.For(machine);
        await machine.StartDaemonAsync();
        var pids = machine.At("pids");

        // One of its own session, and one that has left session, parents and environment behind.
        var job = await machine.SubmitAsync("-g", "rtx3090:1", $"echo $$ >> {pids}; (setsid env -i sh -c 'echo $$ >> {pids}; exec sleep 1000' &) ; sleep 1000");
        await machine.RunningAsync(job);
        var found = (await machine.FileAsync(pids, text => text.Count(c => c == '\n') == 2)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        cards.Add($"process {Rtx} {found[0]} 9000");
        cards.Cards[2] = cards.Cards[2] with { UsedMb = 9100 };
        cards.Add($"process GPU-a100-two {found[1]} 400");
        await ReasonAsync(machine, "GPU-a100-two", $"job_without_it(job={job},pid={found[1]})");

        // The cards are read one by one, and this one may come after the other.
        await machine.UntilAsync(async () => (await GpuAsync(machine, Rtx)).Processes is not null, "the job's own card is read");
        Assert.Null((await GpuAsync(machine, Rtx)).Reason);
        Assert.Equal(job, Assert.Single((await GpuAsync(machine, Rtx)).Processes!).Job);

        // Nobody is of a job because he says so.
        using var liar = Foreigner.Start("env", $"GFLOW_JOB_ID={job}", "GFLOW_JOB_ATTEMPT=1", "sleep", "1000");
        cards.Add($"process GPU-l4 {liar.Id} 10");
        await ReasonAsync(machine, "GPU-l4", $"unmanaged(pid={liar.Id})");

        // With its last process it leaves every card, and the cards are looked at at once.
        await machine.DoneAsync("gcancel", $"{job}");
        await machine.EndedAsync(job);
        await machine.UntilAsync(async () => (await GpuAsync(machine, "GPU-a100-two")).Available, "the other card is free");
    }

    [Fact]
    public async Task When_a_job_has_left_its_card_the_cards_are_looked_at_at_once()
    {
        await using var machine = await Machine.CreateAsync(installed, gpus: 0);
        var cards = NvmlDouble.For(machine);
        machine.Environment["GFLOW_DAEMON__GPU_POLL_INTERVAL_SECS"] = "3600";
        await machine.StartDaemonAsync();
        var job = await machine.SubmitAsync("-g", "1", "sleep", "1000");
        await machine.RunningAsync(job);
        using var foreign = Foreigner.Start("sleep", "1000");
        cards.Add($"process {Rtx} {foreign.Id} 10");
        await machine.DoneAsync("gcancel", $"{job}");
        await machine.EndedAsync(job);
        await ReasonAsync(machine, Rtx, $"unmanaged(pid={foreign.Id})");
    }

    [Fact]
    public async Task A_lost_card_touches_its_own_jobs_alone_and_is_out_of_order_until_it_is_back()
    {
        await using var machine = await Machine.CreateAsync(installed, gpus: 0);
        var cards = NvmlDouble.For(machine);
        await machine.StartDaemonAsync();
        var on = await machine.SubmitAsync("--gpu-index", "2", "sleep", "1000");
        var beside = await machine.SubmitAsync("--gpu-index", "3", "sleep", "1000");
        await machine.RunningAsync(on);
        await machine.RunningAsync(beside);
        var waiting = await machine.SubmitAsync("--gpu-index", "2", "true");

        cards.Add($"error {Rtx} 15");
        await ReasonAsync(machine, Rtx, "nvml_query_failed(lost)");
        Assert.Contains("It is lost (nvmlDevice", (await GpuAsync(machine, Rtx)).ReasonText!, StringComparison.Ordinal);
        Assert.Contains("down", await machine.DoneAsync("ginfo"), StringComparison.Ordinal);
        Assert.Equal(("Running", "Running"), ((await machine.JobAsync(on)).State, (await machine.JobAsync(beside)).State));
        await machine.DoneAsync("gcancel", $"{on}");
        await machine.EndedAsync(on);
        await machine.WaitAsync(waiting, job => job.ReasonText?.Contains("GPU 2 is lost", StringComparison.Ordinal) == true, "says that its GPU is lost");

        // A driver that is loaded again without it, and a daemon that starts meanwhile: still the same card.
        cards.Remove($"error {Rtx} 15");
        cards.Cards.RemoveAll(card => card.Uuid == Rtx);
        cards.Write();
        await ReasonAsync(machine, Rtx, "nvml_query_failed(away)");
        await machine.ReplaceDaemonAsync();
        await ReasonAsync(machine, Rtx, "nvml_query_failed(away)");
        Assert.Equal("Queued", (await machine.JobAsync(waiting)).State);
        Assert.Equal("Running", (await machine.JobAsync(beside)).State);

        cards.Cards.Insert(0, new(Rtx, "0000:B1:00.0", "NVIDIA GeForce RTX 3090", 24_576));
        cards.Write();
        Assert.Equal("Finished", (await machine.EndedAsync(waiting)).State);
        await machine.UntilAsync(() => Told(machine).Any(payload => payload.Gpu?.Uuid == Rtx), "the card is available again");
        Assert.Equal("Running", (await machine.JobAsync(beside)).State);
    }

    [Fact]
    public async Task While_a_driver_is_loaded_anew_jobs_go_on_and_then_its_cards_are_the_same()
    {
        await using var machine = await Machine.CreateAsync(installed, gpus: 0);
        var cards = NvmlDouble.For(machine);
        await machine.StartDaemonAsync();
        var on = await machine.SubmitAsync("--gpu-index", "2", "sleep", "1000");
        await machine.RunningAsync(on);
        string[] unloaded = ["init 9", .. cards.Cards.Select(card => $"error {card.Uuid} 9")];
        unloaded.ToList().ForEach(cards.Add);
        foreach (var uuid in cards.Cards.Select(card => card.Uuid))
        {
            await ReasonAsync(machine, uuid, "nvml_query_failed(driver_not_loaded)");
        }

        await machine.UntilAsync(async () => (await machine.DoneAsync("ginfo")).Contains("nvmlInit: Driver Not Loaded", StringComparison.Ordinal), "the driver's words are shown");
        var waiting = await machine.SubmitAsync("-g", "l4:1", "true");
        Assert.Contains("GPU 3 cannot be read", (await machine.JobAsync(waiting)).ReasonText!, StringComparison.Ordinal);
        Assert.Equal("Finished", (await machine.EndedAsync(await machine.SubmitAsync("true"))).State);
        unloaded.ToList().ForEach(cards.Remove);
        Assert.Equal("Finished", (await machine.EndedAsync(waiting)).State);
        Assert.Equal("Running", (await machine.JobAsync(on)).State);
        Assert.Equal([on], (await GpuAsync(machine, Rtx)).Jobs);
    }

    [Fact]
    public async Task Cards_that_are_counted_otherwise_after_a_restart_are_the_same_cards()
    {
        await using var machine = await Machine.CreateAsync(installed, gpus: 0);
        var cards = NvmlDouble.For(machine);
        await machine.StartDaemonAsync();
        var one = await machine.SubmitAsync("--gpu-index", "0", "sleep", "1000");
        await machine.RunningAsync(one);
        await machine.DoneAsync("gctl", "set-gpus", "0-2");
        await machine.StopDaemonAsync();

        // The first card is now the last on the bus, and the library counts backwards.
        cards.Cards[1] = cards.Cards[1] with { Bus = "0000:E1:00.0" };
        cards.Cards.Reverse();
        cards.Write();
        await machine.StartDaemonAsync();
        await machine.UntilAsync(async () => (await GpusAsync(machine)).All(gpu => gpu.ReadAt is not null), "all are read");
        var gpus = await GpusAsync(machine);
        Assert.Equal(["GPU-a100-one", "GPU-a100-two", Rtx, "GPU-l4"], gpus.Select(gpu => gpu.Uuid));
        Assert.Equal([one], gpus[0].Jobs);
        Assert.Equal([false, true, true, false], gpus.Select(gpu => gpu.Available));
        Assert.Equal("not_allowed(gctl set-gpus)", gpus[3].Reason);

        // On the bus it is the second now: so CUDA counts.
        Assert.Equal("1", await VisibleAsync(machine, "rtx", "--gpu-index", "2"));
        Assert.Equal("0", await VisibleAsync(machine, "two", "--gpu-index", "1"));
        Assert.Equal("Running", (await machine.JobAsync(one)).State);

        machine.Environment["GFLOW_EXECUTOR__GPU_IDS"] = "uuid";
        await machine.ReplaceDaemonAsync();
        Assert.Equal("GPU-a100-two", await VisibleAsync(machine, "uuid", "--gpu-index", "1"));
    }

    [Fact]
    public async Task Without_a_library_there_are_no_gpus_and_it_is_said_which_was_not_found()
    {
        await using var machine = await Machine.CreateAsync(installed, gpus: 0);
        await machine.StartDaemonAsync();
        await machine.UntilAsync(async () => (await machine.DoneAsync("ginfo")).Contains("libnvidia-ml.so.1 was not found", StringComparison.Ordinal), "the library is named");
        Assert.Contains("libnvidia-ml.so.1 was not found", (await machine.RunAsync("gbatch", "-g", "1", "true")).Error, StringComparison.Ordinal);
        Assert.Equal("Finished", (await machine.EndedAsync(await machine.SubmitAsync("true"))).State);
        var probed = await machine.RunAsync("gflowd", "gpu-probe");
        Assert.Equal(1, probed.Code);
        Assert.Contains("\"no_library\"", probed.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "")]
    [InlineData(false, "without v3")]
    [InlineData(false, "records 32")]
    public async Task Old_drivers_and_those_with_larger_records_list_their_processes_too(bool isOld, string line)
    {
        await using var machine = await Machine.CreateAsync(installed, gpus: 0);
        var cards = NvmlDouble.For(machine, isOld);
        cards.Add(line);
        using var first = Foreigner.Start("sleep", "1000");
        using var second = Foreigner.Start("sleep", "1000");
        cards.Add($"process {Rtx} {first.Id} 100");
        cards.Add($"process {Rtx} {second.Id} -");
        await machine.StartDaemonAsync();
        await ReasonAsync(machine, Rtx, $"unmanaged(pid={string.Join(',', ((int[])[first.Id, second.Id]).Order())})");
        var processes = (await GpuAsync(machine, Rtx)).Processes!;
        Assert.Equal(100L, processes.Single(process => process.Pid == first.Id).MemoryMb);
        Assert.Null(processes.Single(process => process.Pid == second.Id).MemoryMb);
        Assert.Equal([true, true, false, true], (await GpusAsync(machine)).Select(gpu => gpu.Available));
    }

    [Fact]
    public async Task One_card_that_does_not_answer_is_out_of_order_and_the_others_go_on()
    {
        await using var machine = await Machine.CreateAsync(installed, gpus: 0);
        var cards = NvmlDouble.For(machine);
        await machine.StartDaemonAsync();
        var on = await machine.SubmitAsync("--gpu-index", "2", "sleep", "1000");
        await machine.RunningAsync(on);
        cards.Add($"hang {Rtx}");
        await ReasonAsync(machine, Rtx, "nvml_query_failed(silent)");
        using var foreign = Foreigner.Start("sleep", "1000");
        cards.Add($"process GPU-l4 {foreign.Id} 10");
        await ReasonAsync(machine, "GPU-l4", $"unmanaged(pid={foreign.Id})");
        Assert.Equal("Running", (await machine.JobAsync(on)).State);
        Assert.Equal("Finished", (await machine.EndedAsync(await machine.SubmitAsync("-g", "a100:2", "true"))).State);

        // The driver is stuck while the daemon stops and starts, and the card's job goes on.
        Assert.InRange(await machine.StopDaemonAsync(), TimeSpan.Zero, Prompt);
        await PromptlyAsync(() => machine.StartDaemonAsync());
        await PromptlyAsync(() => machine.DoneAsync("ginfo"));
        Assert.False((await GpuAsync(machine, Rtx)).Available);
        Assert.Equal("Running", (await machine.JobAsync(on)).State);

        cards.Remove($"hang {Rtx}");
        await machine.UntilAsync(async () => await GpuAsync(machine, Rtx) is { OutOfOrder: false, ReadAt: not null }, "the card answers again");
        Assert.Equal("Running", (await machine.JobAsync(on)).State);
    }

    [Fact]
    public async Task A_driver_that_does_not_return_at_all_holds_up_nothing_but_its_own_cards()
    {
        await using var machine = await Machine.CreateAsync(installed, gpus: 0);
        var cards = NvmlDouble.For(machine);
        await machine.StartDaemonAsync();
        var on = await machine.SubmitAsync("-g", "a100:1", "sleep", "1000");
        await machine.RunningAsync(on);
        cards.Add("hang all");
        foreach (var uuid in cards.Cards.Select(card => card.Uuid))
        {
            await ReasonAsync(machine, uuid, "nvml_query_failed(silent)");
        }

        Assert.Contains("driver does not answer", await machine.DoneAsync("ginfo"), StringComparison.Ordinal);
        var waiting = await machine.SubmitAsync("-g", "1", "true");
        Assert.Contains("does not answer", (await machine.JobAsync(waiting)).ReasonText!, StringComparison.Ordinal);
        Assert.Equal("Finished", (await machine.EndedAsync(await machine.SubmitAsync("true"))).State);
        Assert.InRange(await machine.StopDaemonAsync(), TimeSpan.Zero, Prompt);
        await PromptlyAsync(() => machine.StartDaemonAsync());
        Assert.Equal("Queued", (await machine.JobAsync(waiting)).State);
        Assert.Equal("Running", (await machine.JobAsync(on)).State);

        cards.Remove("hang all");
        Assert.Equal("Finished", (await machine.EndedAsync(waiting)).State);
        Assert.Equal("Running", (await machine.JobAsync(on)).State);
    }

    [Fact]
    public async Task What_is_split_up_or_shared_is_refused_by_name()
    {
        await using var machine = await Machine.CreateAsync(installed, gpus: 0);
        var cards = NvmlDouble.For(machine);
        cards.Add("mig GPU-a100-one");
        await machine.StartDaemonAsync();
        await ReasonAsync(machine, "GPU-a100-one", "mig_enabled");
        Assert.Contains("--shared is not available", (await machine.RunAsync("gbatch", "--shared", "-g", "1", "true")).Error, StringComparison.Ordinal);
        Assert.Contains("--gpu-memory is not available", (await machine.RunAsync("gbatch", "--gpu-memory", "4G", "-g", "1", "true")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_process_that_reads_the_cards_ends_with_its_daemon_and_knows_no_secret_of_it()
    {
        await using var machine = await Machine.CreateAsync(installed, gpus: 0);
        _ = NvmlDouble.For(machine);
        await machine.StartDaemonAsync();
        await machine.UntilAsync(() => Readers(machine).Count == 1, "a process reads the cards");
        var reader = Readers(machine)[0];
        var variables = (await File.ReadAllTextAsync($"/proc/{reader}/environ", Ct)).Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(variable => variable.Split('=')[0]);
        Assert.Equal(["HOME", "LANG", "LD_LIBRARY_PATH", "PATH"], variables.Order());
        await machine.KillDaemonAsync();
        await machine.UntilAsync(() => Readers(machine).Count == 0, "it has ended with its daemon");
    }

    private static List<int> Readers(Machine machine) => Processes.Mentioning(machine.Root).FindAll(pid => Processes.CommandLine(pid).Contains(" gpu-probe --watch", StringComparison.Ordinal));

    private static async Task<IReadOnlyList<GpuView>> GpusAsync(Machine machine)
    {
        var info = await machine.Client.InfoAsync(Ct);
        Assert.True(info.Ok, info.Failure?.Message);
        return info.Value.Gpus;
    }

    private static async Task<GpuView> GpuAsync(Machine machine, string uuid) => (await GpusAsync(machine)).Single(gpu => gpu.Uuid == uuid);

    private static Task ReasonAsync(Machine machine, string uuid, string reason) =>
        machine.UntilAsync(async () => (await GpuAsync(machine, uuid)).Reason == reason, $"{uuid} is {reason}");

    /// <summary>Runs a job to its end.</summary>
    /// <returns>What CUDA would see in it.</returns>
    private static async Task<string> VisibleAsync(Machine machine, string name, params string[] options)
    {
        var file = machine.At(name);
        Assert.Equal("Finished", (await machine.EndedAsync(await machine.SubmitAsync([.. options, $"echo $CUDA_DEVICE_ORDER $CUDA_VISIBLE_DEVICES > {file}"]))).State);
        var words = (await File.ReadAllTextAsync(file, Ct)).Trim().Split(' ');
        Assert.Equal("PCI_BUS_ID", words[0]);
        return words[1];
    }

    private static async Task PromptlyAsync(Func<Task> act)
    {
        var begun = Stopwatch.GetTimestamp();
        await act();
        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.Zero, Prompt);
    }

    private static List<NotificationPayload> Told(Machine machine) =>
        [.. machine.Hook.Requests.Snapshot().Select(request => JsonSerializer.Deserialize(request.Body, PayloadJson.Default.NotificationPayload)!).DistinctBy(payload => payload.Id)];

    /// <summary>A process that belongs to no job, as long as it is not disposed of.</summary>
    private sealed class Foreigner(Process process) : IDisposable
    {
        private bool _isGone;

        public int Id => process.Id;

        public static Foreigner Start(string program, params string[] arguments) => new(Process.Start(program, arguments));

        public void Dispose()
        {
            if (!_isGone)
            {
                _isGone = true;
                process.Kill();
                process.WaitForExit();
            }
        }
    }
}
