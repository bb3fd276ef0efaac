using System.Runtime.InteropServices;
using System.Text.Json;
using Gflow.Client;
using Gflow.Client.Configuration;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Demo.Rendering;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Lifecycle;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Daemon.Platform;
using MimeKit;

namespace Gflow.Daemon.Demo;

/// <summary>
/// <c>gflowd demo</c>: the main job end to end. A daemon of its own in a temporary home, simulated GPUs, real jobs through the real
/// API, and every webhook and mail really delivered to receivers beside it. Leaves no process and no file behind.
/// </summary>
internal sealed class DemoCommand(VerbContext context)
{
    private const string Team = "team@lab.example";
    private const string Owner = "alice@lab.example";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DemoText _text = new(context.Terminal);

    public async Task<int> RunAsync(CancellationToken cancel)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var ct = stopping.Token;
        // Whoever interrupts it gets his machine back as it was: jobs ended, home removed.
        using var interrupt = Listen(PosixSignal.SIGINT, stopping);
        using var terminate = Listen(PosixSignal.SIGTERM, stopping);
        using var hangUp = Listen(PosixSignal.SIGHUP, stopping);
        var home = Directory.CreateTempSubdirectory("gflow-demo-");
        try
        {
            return await RunInAsync(home.FullName, ct);
        }
        catch (Exception error) when (error is TimeoutException or StartRefusedException or ExecutorUnavailableException)
        {
            await context.Terminal.Error.WriteLineAsync($"gflowd demo: {error.Message}");
            return VerbExitCodes.Failed;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return VerbExitCodes.Failed;
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    private async Task<int> RunInAsync(string home, CancellationToken ct)
    {
        await using var hook = await WebhookReceiver.StartAsync();
        await using var mail = new DemoMailServer();
        using var logs = LineLog.Factory(context.Terminal.Error.Write, context.Time, LogLevel.Warning);
        await using var host = await DaemonHost.StartAsync(Options(home, hook, mail), new DaemonParts(context.Time, logs), ct);
        using var client = new GflowClient(new ClientOptions { Host = "127.0.0.1", Port = host.Address!.Port, Socket = host.Socket });
        _text.Heading("A daemon with 4 simulated GPUs, a webhook receiver and a mail server, all on this machine");
        _text.Line($"API      {host.Socket} and {host.Address}");
        _text.Line($"Webhooks {hook.Url}");
        _text.Line($"Mail     smtp://127.0.0.1:{mail.Port}");

        try
        {
            using var shown = CancellationTokenSource.CreateLinkedTokenSource(ct);
            var showing = Task.WhenAll(
                ShowAsync(hook.Requests, request => _text.Webhook(Payload(request), request.Body), shown.Token),
                ShowAsync(mail.Mails, _text.Mail, shown.Token));
            var jobs = await SubmitAsync(client, ct);
            await ShowQueueAsync("The queue", client, ct);
            await PlayAsync(client, jobs, ct);
            var complete = await ArrivedAsync(host, client, hook, mail, ct);
            await shown.CancelAsync();
            await showing;
            return complete ? VerbExitCodes.Done : VerbExitCodes.Failed;
        }
        finally
        {
            await EndJobsAsync(host, client);
        }
    }

    private static DaemonOptions Options(string home, WebhookReceiver hook, DemoMailServer mail)
    {
        var socket = Path.Combine(home, "gflowd.sock");
        return new DaemonOptions
        {
            Daemon = new ServingOptions { Host = "127.0.0.1", Port = 0, Socket = socket, SimulatedGpus = SimulatedGpuCards.Of(4), GpuPollInterval = TimeSpan.FromSeconds(1) },
            Executor = new ExecutorOptions { KillGrace = TimeSpan.FromSeconds(2) },
            Storage = new StorageOptions { Path = Path.Combine(home, "data"), MinFreeMb = 0 },
            Notifications = new NotificationOptions
            {
                Enabled = true,
                Targets =
                [
                    new WebhookTargetOptions { Name = "demo-webhook", Url = hook.Url },
                    new EmailTransportOptions
                    {
                        Name = "demo-mail",
                        Smtp = SmtpEndpoint.Parse($"smtp://127.0.0.1:{mail.Port}").Value,
                        From = new MailboxAddress("gflow", "noreply@lab.example"),
                        To = [MailboxAddress.Parse(Team)],
                        SubjectPrefix = "[demo]",
                    },
                ],
            },
        };
    }

    /// <summary>One job of each fate.</summary>
    private static async Task<Dictionary<string, JobId>> SubmitAsync(GflowClient client, CancellationToken ct)
    {
        var jobs = new Dictionary<string, JobId>();
        await Add("train", new SubmissionDraft
        {
            Command = "echo epoch 1 on GPU $CUDA_VISIBLE_DEVICES; sleep 1",
            Gpus = 1,
            Notifications = new WireNotifications { Emails = [Owner], Events = ["job_completed"] },
        });
        await Add("broken", new SubmissionDraft { Command = "echo cannot open dataset >&2; exit 7", Gpus = 1 });
        await Add("endless", new SubmissionDraft { Command = "sleep 600", Gpus = 1 });
        await Add("too-long", new SubmissionDraft { Command = "sleep 600", Gpus = 1, TimeLimit = new WireDuration(2, 0) });
        await Add("prepare", new SubmissionDraft { Command = "sleep 0.5" });
        await Add("evaluate", new SubmissionDraft { Command = "echo accuracy 0.93", Gpus = 2, DependsOnIds = [jobs["prepare"].Value] });
        return jobs;

        async Task Add(string name, SubmissionDraft draft)
        {
            // Not broken off half-way: a job that is taken in after the last look at them would outlive the demo.
            ct.ThrowIfCancellationRequested();
            var answer = await client.SubmitAsync(draft with { Name = name, RunDir = "/" }, CancellationToken.None);
            jobs[name] = new JobId(Checked(answer).Id);
        }
    }

    /// <summary>Cancels the endless one once it runs, and waits for all to end.</summary>
    private static async Task PlayAsync(GflowClient client, Dictionary<string, JobId> jobs, CancellationToken ct)
    {
        await UntilAsync(client, all => all.Any(job => job.Id == jobs["endless"].Value && job.StartedAt is not null), ct);
        Checked(await client.CancelAsync(jobs["endless"], ct));
        await UntilAsync(client, all => all.All(job => job.FinishedAt is not null), ct);
    }

    /// <summary>Waits for the messages of every transition the jobs made, and says what came of it.</summary>
    private async Task<bool> ArrivedAsync(DaemonHost host, GflowClient client, WebhookReceiver hook, DemoMailServer mail, CancellationToken ct)
    {
        var jobs = Checked(await client.ListAsync(new JobQuery(), ct));
        await ToldOfGpusAsync(host.Engine, ct);
        var events = (int)host.Engine.Commits.LastEventSeq;
        var requests = await hook.Requests.WaitForAsync(items => items.Count >= events, Patience).WaitAsync(ct);
        var mails = await mail.Mails.WaitForAsync(items => items.Count >= events + 1, Patience).WaitAsync(ct);
        await ShowQueueAsync("All jobs", client, ct);
        var fates = jobs.GroupBy(job => job.State).ToDictionary(group => group.Key, group => group.Count());
        var asPlanned = fates.GetValueOrDefault("Finished") == 3 && fates.GetValueOrDefault("Failed") == 1
            && fates.GetValueOrDefault("Cancelled") == 1 && fates.GetValueOrDefault("Timeout") == 1;
        var complete = asPlanned && requests.Count == events && mails.Count == events + 1;
        _text.Heading("Summary");
        _text.Line($"{jobs.Count} jobs: {string.Join(", ", fates.OrderBy(fate => fate.Key).Select(fate => $"{fate.Value} {fate.Key}"))}");
        _text.Line($"{requests.Count} of {events} webhooks and {mails.Count} of {events + 1} mails arrived");
        _text.Line(complete ? "Everything arrived." : "Something is missing or too much.");
        return complete;
    }

    /// <summary>Waits until every GPU that has become free was told.</summary>
    private static async Task ToldOfGpusAsync(JobEngine engine, CancellationToken ct)
    {
        while (!engine.Current.Board.Gpus.FreeSince.IsEmpty)
        {
            await engine.Commits.WaitAsync(engine.Commits.LastEventSeq, ct);
        }
    }

    private async Task ShowQueueAsync(string title, GflowClient client, CancellationToken ct)
    {
        _text.Heading(title);
        _text.Queue(Checked(await client.ListAsync(new JobQuery(), ct)));
    }

    /// <summary>Shows what arrives until there is nothing more to come.</summary>
    private static async Task ShowAsync<T>(ReceivedItems<T> items, Action<T> show, CancellationToken until)
    {
        var shown = 0;
        try
        {
            while (true)
            {
                var now = await items.WaitForAsync(all => all.Count > shown, TimeSpan.FromDays(1)).WaitAsync(until);
                for (; shown < now.Count; shown++)
                {
                    show(now[shown]);
                }
            }
        }
        catch (OperationCanceledException)
        {
            foreach (var item in items.Snapshot().Skip(shown))
            {
                show(item);
            }
        }
    }

    private static async Task UntilAsync(GflowClient client, Func<List<JobView>, bool> condition, CancellationToken ct)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(Patience);
        try
        {
            using var feed = Checked(await client.EventsAsync(cancel: deadline.Token));
            await feed.ConnectedAsync(deadline.Token);
            while (!condition(Checked(await client.ListAsync(new JobQuery(), ct))))
            {
                await feed.NextAsync(deadline.Token);
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"The jobs did not come to their end within {Patience}.");
        }
    }

    /// <summary>Whatever went wrong, no job may outlive the demo: its home is about to go.</summary>
    private static async Task EndJobsAsync(DaemonHost host, GflowClient client)
    {
        foreach (var id in host.Engine.Current.Board.Jobs.Live.Keys)
        {
            await client.CancelAsync(id);
        }

        var seq = host.Engine.Commits.LastEventSeq;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (host.Engine.Current.Board.Jobs.Live.Count > 0 && !deadline.IsCancellationRequested)
        {
            await host.Engine.Commits.WaitAsync(seq++, deadline.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static PosixSignalRegistration Listen(PosixSignal signal, CancellationTokenSource stopping) =>
        PosixSignalRegistration.Create(signal, happened =>
        {
            happened.Cancel = true;
            stopping.Cancel();
        });

    private static NotificationPayload Payload(ReceivedRequest request) =>
        JsonSerializer.Deserialize(request.Body, PayloadJson.Default.NotificationPayload)!;

    private static T Checked<T>(ClientResult<T> result) => result.Ok ? result.Value : throw new StartRefusedException(result.Failure.Message);
}
