using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Notifications;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.EndToEnd.TestKit;
using MimeKit;

namespace Gflow.EndToEnd.Notifications;

/// <summary>The mails as other programs read and judge them, whatever the names in them are.</summary>
public sealed partial class MailFormTests
{
    private const double MostSpam = 1.0;

    /// <summary>What every SpamAssassin takes for spam, for tests.</summary>
    private const string KnownSpam = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

    /// <summary>What a mailbox and a server put before a mail.</summary>
    private const string Arrived = "From gflow@lab.example Fri May  2 09:40:00 2031\nReceived: from gpu1.lab.example (gpu1.lab.example [10.0.0.7])\n\tby mx.lab.example (Postfix) with ESMTPS id 4F2B1; Fri,  2 May 2031 09:40:30 +0000\n";

    private static readonly DateTimeOffset Start = new(2031, 5, 2, 9, 40, 0, TimeSpan.Zero);

    private static readonly string[] Names =
    [
        "train",
        "",
        "Größe 数据 🚀",
        "a\r\nBcc: evil@x.org\r\n\r\nhello",
        "nul \0 escape \u001b[2J bell \a delete \u007f next \u0085 line \u2028 turned \u202e",
        "=?utf-8?B?QmNjOiBldmlsQHgub3Jn?= =?us-ascii?Q?x?=",
        "\"quoted\" <evil@x.org>, (comment) ; group: a@b.c; \\",
        ".\r\n.",
        "From me",
        "tab\tand   blanks  ",
        new string('x', 5_000),
        string.Concat(Enumerable.Repeat("🚀ü", 2_000)),
        "--=_boundary",
        "half \ud800 of a pair",
    ];

    private static readonly string[] Recipients = ["ops@lab.example", "\"Größe, Dana\" <dana@lab.example>", $"{new string('y', 300)} <long@lab.example>", "Ops <ops@BÜCHER.example>"];

    private static readonly EmailTransportOptions Transport = new()
    {
        Name = "lab",
        Smtp = new SmtpEndpoint { Host = "mail.lab.example", Port = 25, TlsMode = SmtpTlsMode.None },
        From = new MailboxAddress("gflow, Größe \"数据\"", "gflow@lab.example"),
        SubjectPrefix = "[Größe]",
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Python_and_mailparser_read_every_mail_without_a_defect_and_as_it_was_meant()
    {
        var directory = Directory.CreateTempSubdirectory("gflow-mails-").FullName;
        try
        {
            Write(directory, [.. Names.SelectMany((name, job) => Payloads((uint)job + 1, name))]);

            await ReadAsync("/usr/bin/python3", Path.Combine(Scripts(), "check.py"), directory);
            await ReadAsync("node", Path.Combine(Scripts(), "check.mjs"), directory);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task No_kind_of_mail_looks_like_spam()
    {
        var directory = Directory.CreateTempSubdirectory("gflow-spam-").FullName;
        try
        {
            // A short name of the machine is what most have, and the hardest to trust.
            var payloads = Payloads(42, "train").Select(payload => payload with { Scheduler = new SchedulerFacts("gpu1", "0.1.0") }).ToList();
            Write(directory, payloads);
            var mails = payloads.Select((_, i) => File.ReadAllText(Path.Combine(directory, $"{i}.eml"))).Append($"Subject: x\n\n{KnownSpam}\n");
            var mailbox = Path.Combine(directory, "all");
            await File.WriteAllTextAsync(mailbox, string.Concat(mails.Select(mail => Arrived + mail.ReplaceLineEndings("\n") + "\n")), Ct);
            foreach (var plugins in Directory.EnumerateFiles("/etc/spamassassin", "*.pre"))
            {
                File.Copy(plugins, Path.Combine(directory, Path.GetFileName(plugins)));
            }

            // Rules as the package brings them, settings as the authors left them, no network, and nothing in anybody's home.
            var ran = await Run.Async("spamassassin", ["-L", "-t", "-x", $"--siteconfigpath={directory}", "--mbox", mailbox], Environment(directory));

            Assert.True(ran.Code == 0, ran.ToString());
            var scores = Score().Matches(ran.Out).Select(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).Order().ToList();
            Assert.Equal(payloads.Count + 1, scores.Count);
            Assert.True(scores[^1] > 100, "the rules are not in force");
            Assert.True(scores[..^1].Max() <= MostSpam, ran.Out);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Every_kind_of_mail_is_readable_on_a_phone_and_on_a_desk_light_and_dark_and_loads_nothing()
    {
        var directory = Directory.CreateTempSubdirectory("gflow-pages-").FullName;
        try
        {
            WritePages(directory, Payloads(42, "train"), "");
            foreach (var (name, i) in Names.Select((name, i) => (name, i)))
            {
                WritePages(directory, Payloads(42, name).Where(payload => payload.Event == "job_failed"), $"-{i}");
            }

            var ran = await Run.Async("node", [Path.Combine(Scripts(), "browse.mjs"), directory], Environment(directory));

            Assert.True(ran.Code == 0, ran.ToString());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>Writes the pictures of the documentation anew when <c>GFLOW_UPDATE_PICTURES</c> is 1, and finds that there is one of each kind of mail.</summary>
    [Fact]
    public async Task The_documentation_has_a_picture_of_every_kind_of_mail()
    {
        var pictures = Path.GetFullPath(Path.Combine(Scripts(), "..", "..", "..", "docs", "pictures"));
        if (System.Environment.GetEnvironmentVariable("GFLOW_UPDATE_PICTURES") == "1")
        {
            var directory = Directory.CreateTempSubdirectory("gflow-pages-").FullName;
            WritePages(directory, Payloads(42, "train").Select(Picturesque), "");
            Directory.CreateDirectory(pictures);
            var ran = await Run.Async("node", [Path.Combine(Scripts(), "browse.mjs"), directory, pictures], Environment(directory));
            Directory.Delete(directory, recursive: true);
            Assert.True(ran.Code == 0, ran.ToString());
        }

        string[] forms = ["390-light", "390-dark", "800-light", "800-dark"];
        Assert.Equal(
            EventTypes.All.SelectMany(type => forms.Select(form => $"{type.WireName()}-{form}.webp")).Order(StringComparer.Ordinal),
            Directory.EnumerateFiles(pictures).Select(Path.GetFileName).Order(StringComparer.Ordinal)!);
    }

    /// <summary>The same as it comes about in a lab.</summary>
    private static NotificationPayload Picturesque(NotificationPayload payload) => payload with
    {
        Scheduler = new SchedulerFacts("gpu1", "0.1.0"),
        Text = payload.Text?.Replace("gpu1.lab.example", "gpu1", StringComparison.Ordinal).Replace("another", "lab", StringComparison.Ordinal),
        Notification = payload.Notification is not { } notification ? null : notification with { Target = "lab", EventId = notification.EventId is null ? null : "evt_01m85zag16e2ctxqdsz669q9aw" },
        Job = payload.Job is not { } job ? null : job with
        {
            User = "dana",
            Project = "vision",
            ReasonText = null,
            State = payload.Event switch
            {
                "job_completed" => "Finished",
                "job_cancelled" => "Cancelled",
                "job_timeout" => "Timeout",
                "job_held" => "Hold",
                _ => job.State,
            },
            ExitCode = payload.Event switch
            {
                "job_completed" => 0,
                "job_failed" => 137,
                _ => null,
            },
        },
        Reservation = payload.Reservation is not { } reservation ? null : reservation with { User = "dana", EndTime = NotificationPayload.Instant(Start.AddHours(8)) },
    };

    private static void WritePages(string directory, IEnumerable<NotificationPayload> payloads, string suffix)
    {
        foreach (var payload in payloads)
        {
            using var mail = MimeMessage.Load(new MemoryStream(Render(payload, Recipients[0], Start)));
            File.WriteAllText(Path.Combine(directory, $"{payload.Event}{suffix}.html"), mail.HtmlBody);
        }
    }

    private static byte[] Render(NotificationPayload payload, string recipient, DateTimeOffset at) => MailForm.Render(
        new OutgoingMessage
        {
            EventUid = payload.Id,
            Type = EventTypes.TryParse(payload.Event, out var type) ? type : throw new InvalidOperationException(),
            Sequence = payload.Sequence,
            At = at,
            Target = Transport.Name,
            Recipient = recipient,
            Payload = JsonSerializer.SerializeToUtf8Bytes(payload, PayloadJson.Default.NotificationPayload),
        },
        Transport);

    /// <summary>Every kind of event, the job's all about the same one.</summary>
    private static IEnumerable<NotificationPayload> Payloads(uint job, string name)
    {
        foreach (var type in EventTypes.All)
        {
            var at = NotificationPayload.Instant(Start.AddMinutes((int)type));
            var scheduler = new SchedulerFacts("gpu1.lab.example", "0.1.0");
            if (type.IsOfMachine() && type != EventType.GpuAvailable)
            {
                var sample = SampleEvents.Payload(type, null, "dana", scheduler, Start.AddMinutes((int)type));

                // What a server says may be anything.
                yield return sample with
                {
                    Id = $"evt_{job}x{(int)type}",
                    Sequence = (int)type,
                    Notification = sample.Notification is { Reason: not null } facts && name != "train" ? facts with { Reason = name } : sample.Notification,
                };
                continue;
            }

            yield return new NotificationPayload
            {
                Event = type.WireName(),
                Timestamp = at,
                Scheduler = scheduler,
                Id = $"evt_{job}x{(int)type}",
                Sequence = (int)type,
                Job = EventTypes.OfJobs.Contains(type) ? Job(type, job, name, at) : null,
                Gpu = type == EventType.GpuAvailable ? new GpuFacts(3, Available: true, "GPU-1f2e") : null,
                Reservation = type is EventType.ReservationCreated or EventType.ReservationCancelled
                    ? new ReservationFacts
                    {
                        Id = job,
                        User = name,
                        GpuCount = 2,
                        GpuIndices = [0, 1],
                        StartTime = at,
                        EndTime = at,
                        Status = type == EventType.ReservationCreated ? "Pending" : "Cancelled",
                        CreatedAt = at,
                        CancelledAt = type == EventType.ReservationCancelled ? at : null,
                    }
                    : null,
            };
        }
    }

    private static JobFacts Job(EventType type, uint id, string name, string at)
    {
        var started = type is EventType.JobStarted or EventType.JobCompleted or EventType.JobFailed or EventType.JobCancelled or EventType.JobTimeout;
        var over = started && type != EventType.JobStarted;
        return new JobFacts
        {
            Id = id,
            Name = name,
            User = name.Length > 0 ? name : "dana",
            State = over ? "Failed" : started ? "Running" : "Queued",
            Runtime = started ? "00:09:10" : null,
            Gpus = started ? [0, 1] : null,
            SubmittedAt = NotificationPayload.Instant(Start),
            StartedAt = started ? at : null,
            FinishedAt = over ? at : null,
            Reason = over ? null : "Resources",
            ReasonText = name,
            Project = name,
            ExitCode = type == EventType.JobFailed ? 7 : null,
            Signal = type is EventType.JobTimeout or EventType.JobCancelled ? "SIGTERM" : null,
            Attempt = 1,
            TimeLimit = "01:00:00",
        };
    }

    /// <summary>Writes each as a mail, and what must be found in it.</summary>
    private static void Write(string directory, List<NotificationPayload> payloads)
    {
        var manifest = new JsonArray();
        for (var i = 0; i < payloads.Count; i++)
        {
            var recipient = Recipients[i % Recipients.Length];
            var stored = JsonSerializer.SerializeToUtf8Bytes(payloads[i], PayloadJson.Default.NotificationPayload);
            var payload = JsonSerializer.Deserialize(stored, PayloadJson.Default.NotificationPayload)!;
            var content = MailContent.Of(payload);
            var at = Start.AddSeconds(i);
            File.WriteAllBytes(Path.Combine(directory, $"{i}.eml"), Render(payloads[i], recipient, at));
            manifest.Add(new JsonObject
            {
                ["file"] = $"{i}.eml",
                ["job"] = payload.Job?.Id,
                ["subject"] = MailText.Subject(content, Transport.SubjectPrefix),
                ["text"] = MailText.Body(content),
                ["recipient"] = RecipientText.Parse(recipient)!.GetAddress(idnEncode: true),
                ["sender"] = Transport.From.Name,
                ["date"] = at.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture),
            });
        }

        File.WriteAllText(Path.Combine(directory, "manifest.json"), manifest.ToJsonString());
    }

    private static async Task ReadAsync(string program, string script, string directory)
    {
        var ran = await Run.Async(program, [script, directory], Environment(directory));
        Assert.True(ran.Code == 0, ran.ToString());
    }

    private static Dictionary<string, string> Environment(string home) => new()
    {
        ["PATH"] = System.Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin",
        ["HOME"] = home,
        ["LANG"] = "C.UTF-8",
    };

    private static string Scripts([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "mail"));

    [GeneratedRegex(@"^X-Spam-Status: \w+, score=(-?[0-9.]+)", RegexOptions.Multiline)]
    private static partial Regex Score();
}
