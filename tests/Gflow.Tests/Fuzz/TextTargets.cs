using Gflow.Cli;
using Gflow.Client.CommandLine;
using Gflow.Core;
using Gflow.Core.Arrays;
using Gflow.Core.Events;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
using Gflow.Core.Submission;
using Gflow.Core.Text;
using Gflow.Daemon.Jobs;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.Tests.TestKit;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Gflow.Tests.Fuzz;

/// <summary>Short texts that people write. Nothing throws, a refusal says why, and what is written out reads back as the same.</summary>
internal static class TextTargets
{
    private const string Secret = "Hush-hush-4711";

    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    private static readonly CommandSpec<Invocation>[] Commands = [.. CommandTable.All.Select(entry => CommandTable.WithCommon(entry.Make()))];

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.OfText("duration", 0.8, Duration) with { Words = ["s", "m", "h", "d", "w", "30m", "2h30m", ":", "00:30:00"] },
        FuzzTarget.OfText("memory", 0.8, Memory) with { Words = ["G", "g", "M", "m", "1024", "1099511627776"] },
        FuzzTarget.OfText("gpu-count", 0.8, GpuCounts) with { Words = ["gpu", ":", "a100", "80gb", "2", "gpu:a100:", "rtx3090"] },
        FuzzTarget.OfText("index-list", 0.8, IndexList) with { Words = ["0-3", "-", ",", " - ", "100000", "0-99999"] },
        FuzzTarget.OfText("instant", 1, Instant) with
        {
            Words = ["now+", "+", "today", "yesterday", "2026-03-29", "2026-10-25", "T02:30:00", " 02:30", "Z", "z", "+01:00", "-14:00", ".1234567", "23:59:60", "9999-12-31"],
        },
        FuzzTarget.OfText("job-reference", 0.8, Reference) with { Words = ["@", "@~", "@~1", ",", "4294967295", "5_3", "5_[1-3]", "_*", "0f8fad5b-d9cb-469f-a165-70867728950e"] },
        FuzzTarget.OfText("array", 0.5, Array) with { Words = ["1-5", "0-15:4", ",", "%2", "4294967294", "0-9999"] },
        FuzzTarget.OfText("failure-limit", 0.3, Failures) with { Words = ["3", "10%", ":hold", ":cancel", "100%"] },
        FuzzTarget.OfText("parameter", 0.5, Parameter) with { Words = ["lr=", "0.1,0.01", "1:5", "0:1:0.25", "\"a,b\"", "\"\"", "1e3:", "=", "-1:1:1e-9"] },
        FuzzTarget.OfText("parameter-file", 0.5, ParameterFile) with { Words = ["lr,seed\n", "\r\n", "\"", "\"\"", ",", "\ufeff"] },
        FuzzTarget.OfText("shell-template", 1, ShellTemplates) with
        {
            Words = ["{x}", "'{x}'", "\"{x}\"", "${x}", "$(", ")", "`", "<<EOF\n", "\nEOF\n", "$((", "))", "case x in", "esac", "#", "\\", "{y}", "[[ ", "$'"],
        },
        FuzzTarget.OfText("script", 3, Script) with
        {
            Words =
            [
                "# GFLOW ", "\n# GFLOW --", "--gpus", "--gpus=", "-g", "-g2", "--time", "--depends-on", "--depends-on-any=", "@~2", "--notify-on", "--notify-me", "--notify-email=",
                "--name", "--array", "--memory=4G", " # ", "\\\n", "'", "\"",
            ],
        },
        FuzzTarget.OfText("command-line", 1, CommandLine) with
        {
            Words = ["\n", "--", "--gpus\n", "--gpus=", "-g", "-d\n@~2", "--all", "-aw", "-l5", "show", "log\n-f", "notify\nresend", "--json", "--help", "--gpsu", "--color=x", "42"],
        },
        FuzzTarget.OfText("shell-words", 1, Words) with { Words = ["'", "\"", "\\\"", "\\'", "'\\''", " ", "$(x)", "`"] },
        FuzzTarget.OfText("event", 0.5, Event) with { Words = [.. EventTypes.NamesForJobs, "*", "job_*", "gpu_available"] },
        FuzzTarget.OfText("smtp-url", 0.5, Smtp) with { Words = ["smtp://", "smtps://", "user:pass@", "@", "[::1]", ":587", "?tls=required", "&", "%40", "%C3%A4", "%E2", "#", "/"] },
        FuzzTarget.OfText("mailbox", 0.5, Mailbox) with { Words = ["<", ">", "\"", "@", "a@b.example", "(", ")", "=?utf-8?q?x?=", "[127.0.0.1]", "group:", ";", "xn--"] },
        FuzzTarget.OfText("signing-secret", 0.5, SigningKey) with { Words = ["whsec_", "=", "==", "AAAA"] },
        FuzzTarget.OfText("retry-after", 0.5, RetryAfter) with { Words = ["120", "GMT", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Fri, 31 Dec 9999 23:59:59 GMT", "4294967295"] },
        FuzzTarget.OfText("peer-words", 0.5, PeerSays) with { Words = [Secret, "Hush%2Dhush%2D4711", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Secret)), "\r\n", "\u001b[31m", "\u202e"] },
        FuzzTarget.OfText("query", 0.5, Query) with { Words = ["?", "&", "state=", "user=", "limit=", "offset=", "order=desc", "created_after=", "Running", "PD", "%2C", "+", "shorthand=@~"] },
    ];

    private static void Array(string text)
    {
        if (Read(ArrayText.Parse(text)) is { Ok: true } array)
        {
            Assert.InRange(array.Value.Indices.Count, 1, ArrayText.MostTasks);
            Assert.Equal(array.Value.Indices, ArrayText.Parse(string.Join(',', array.Value.Indices)).Value.Indices);
        }
    }

    private static void Failures(string text)
    {
        if (Read(FailureLimit.Parse(text)) is { Ok: true } limit)
        {
            Assert.Equal(limit.Value, FailureLimit.Parse($"{limit.Value}").Value);
            Assert.InRange(limit.Value.At(10), 1, int.MaxValue);
        }
    }

    private static void Parameter(string text)
    {
        if (Read(ParamText.Parse(text)) is { Ok: true } axis)
        {
            Assert.InRange(axis.Value.Values.Count, 1, RangeText.MostValues);
            var written = string.Join(',', axis.Value.Values.Select(value => $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));
            Assert.Equal(axis.Value.Values, ParamText.Parse($"{axis.Value.Name}={written}").Value.Values);
        }
    }

    private static void ParameterFile(string text)
    {
        if (Read(CsvText.Parse(text)) is { Ok: true } table)
        {
            Assert.NotEmpty(table.Value.Rows);
            Assert.All(table.Value.Rows, row => Assert.Equal(table.Value.Columns.Count, row.Count));
        }
    }

    /// <summary>What no lexer of ours is certain of is refused; what bash makes of the rest is tried with bash elsewhere.</summary>
    private static void ShellTemplates(string text)
    {
        Dictionary<string, string> values = new() { ["x"] = "it's $(x) `x` \"x\" {y}", ["y"] = "" };
        var filled = Read(Placeholders.InShell(text, values));
        Assert.True(text.Contains("{x}", StringComparison.Ordinal) || text.Contains("{y}", StringComparison.Ordinal) || (filled.Ok && filled.Value == text), text);
    }

    private static void GpuCounts(string text)
    {
        if (Read(GpuCountText.Parse(text)) is { Ok: true } gpus)
        {
            Assert.InRange(gpus.Value.Count, 0, int.MaxValue);
            Assert.True(gpus.Value.Type is not { } type || GpuTypeText.Matches(type, type), gpus.Value.Type);
        }

        Assert.True(GpuTypeText.Matches(text, "") && GpuTypeText.Matches($"NVIDIA {text} x", text), text);
    }

    private static void Duration(string text)
    {
        if (Read(DurationText.ParseTimeLimit(text)) is { Ok: true } limit)
        {
            Assert.InRange(limit.Value, TimeSpan.Zero, DurationText.Longest);
            Assert.Equal(limit.Value, DurationText.ParseTimeLimit(DurationText.Format(limit.Value)).Value);
        }

        var period = Read(DurationText.ParsePeriod(text));
        if (period.Ok)
        {
            Assert.InRange(period.Value, TimeSpan.Zero, DurationText.Longest);
            Assert.Equal(period.Value, DurationText.ParsePeriod(DurationText.FormatCompact(period.Value).Replace(" ", "", StringComparison.Ordinal)).Value);
        }

        if (Read(DurationText.ParseReservation(text)) is { Ok: true } reservation)
        {
            Assert.Equal(period.Value, reservation.Value);
        }
    }

    private static void Memory(string text)
    {
        if (Read(MemoryText.ParseMegabytes(text)) is { Ok: true } memory)
        {
            Assert.InRange(memory.Value, 0, MemoryText.LargestMegabytes);
            Assert.NotEmpty(MemoryText.Format(memory.Value));
            Assert.Equal(memory.Value, MemoryText.ParseMegabytes($"{memory.Value}").Value);
        }
    }

    private static void IndexList(string text)
    {
        if (Read(IndexListText.Parse(text)) is { Ok: true } list)
        {
            Assert.InRange(list.Value.Count, 1, IndexListText.MostItems);
            Assert.Equal(list.Value, IndexListText.Parse(IndexListText.Format(list.Value)).Value);
        }
    }

    private static void Instant(string text)
    {
        foreach (var zone in (TimeZoneInfo[])[TimeZoneInfo.Utc, Berlin])
        {
            foreach (var read in (Result<DateTimeOffset>[])
                [InstantText.ParseBegin(text, Draft.Noon, zone), InstantText.ParseSince(text, Draft.Noon, zone), InstantText.ParseReservation(text, zone), InstantText.ParseEnd(text)])
            {
                if (Read(read).Ok)
                {
                    Assert.NotEmpty(InstantText.FormatZoned(read.Value, zone));
                    Assert.NotEmpty(InstantText.FormatShort(read.Value, zone));
                    var shown = InstantText.FormatLocal(read.Value, TimeZoneInfo.Utc);
                    var again = InstantText.ParseSince(shown, Draft.Noon, TimeZoneInfo.Utc).Value;
                    Assert.Equal(read.Value.AddTicks(-(read.Value.UtcTicks % TimeSpan.TicksPerSecond)), again);
                }
            }
        }
    }

    private static void Reference(string text)
    {
        var one = Read(JobReference.Parse(text));
        if (one.Ok)
        {
            Assert.Equal(one.Value, JobReference.Parse($"{one.Value}").Value);
            Assert.True(one.Value is JobReference.Tasks || text.Trim().All(c => char.IsAsciiDigit(c) || c is '@' or '~'));
        }

        if (Read(JobReference.ParseList(text)) is { Ok: true } list)
        {
            Assert.Equal(list.Value, JobReference.ParseList(string.Join(',', list.Value)).Value);
        }

        if (Read(JobRoute.Shorthand(text)).Ok)
        {
            Assert.IsType<JobReference.Recent>(one.Value);
        }
    }

    private static void Script(string text) => Read(ScriptDirectives.Read(text, "job.sh"));

    /// <summary>A word in each line. What is wrong with them is said; of all the others, options and words, nothing is lost.</summary>
    private static void CommandLine(string text)
    {
        var given = text.Split('\n');
        foreach (var spec in Commands)
        {
            var parsed = ParsedCommand<Invocation>.Parse(spec, given);
            if (parsed.Fault is { } fault)
            {
                Assert.NotEmpty(fault);
                continue;
            }

            var options = parsed.Options.SelectMany(option => parsed.Texts(option.Name)).Where(value => value.Length > 0);
            Assert.All(parsed.Words.Concat(options), part => Assert.Contains(part, text, StringComparison.Ordinal));
            Assert.All(parsed.Options.Where(option => option is { Repeatable: false, ValueName: not null }), option => Assert.InRange(parsed.Texts(option.Name).Count, 0, 1));
        }
    }

    private static void Words(string text)
    {
        if (Read(ShellText.Split(text)) is { Ok: true } words)
        {
            Assert.Equal(words.Value, ShellText.Split(ShellText.Join(words.Value)).Value);
        }
    }

    private static void Event(string text)
    {
        if (EventTypes.CheckForJobs(text) is { } problem)
        {
            Explained(problem);
        }

        if (EventTypes.TryParse(text, out var type))
        {
            Assert.Equal(text, type.WireName());
        }
    }

    private static void Smtp(string text)
    {
        if (Read(SmtpEndpoint.Parse(text)) is { Ok: true, Value: var endpoint })
        {
            Assert.InRange(endpoint.Port, 1, 65_535);
            Assert.DoesNotContain(endpoint.Host, char.IsWhiteSpace);
            Assert.DoesNotContain(endpoint.Host, char.IsControl);
        }
    }

    private static void Mailbox(string text)
    {
        if (MailboxRules.Parse(text) is not null)
        {
            var key = MailboxText.Key(text);
            Assert.Equal(key, MailboxText.Key(key));
            Assert.Contains('@', MailboxText.Address(text));
        }
    }

    private static void RetryAfter(string text)
    {
        if (HttpVerdict.RetryAfter(text, Draft.Noon) is { } later)
        {
            Assert.InRange(later, Draft.Noon, Draft.Noon + HttpVerdict.LongestWait);
        }
    }

    private static void PeerSays(string text)
    {
        if (new PeerWords([Secret]).Clean(text) is { } words)
        {
            Assert.InRange(words.Length, 1, PeerWords.Longest);
            Assert.DoesNotContain(Secret, words, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(words, char.IsControl);
        }
    }

    private static void SigningKey(string text)
    {
        if (Read(SigningSecret.Parse(text)) is { Ok: true } secret)
        {
            Assert.Equal(secret.Value.Key.ToArray(), SigningSecret.Parse(secret.Value.Text).Value.Key.ToArray());
        }
    }

    private static void Query(string text)
    {
        var query = new QueryCollection(QueryHelpers.ParseQuery(text));
        if (Read(JobRoute.Filter(query)) is { Ok: true } wanted)
        {
            Assert.True(wanted.Value.Offset >= 0 && wanted.Value.Limit is null or >= 0);
        }

        Read(Daemon.Reservations.ReservationQuery.Read(query));
    }

    /// <summary>The result itself; a refusal has said what is wrong.</summary>
    private static Result<T> Read<T>(Result<T> result)
    {
        Assert.All(result.Problems, Explained);
        return result;
    }

    private static void Explained(Problem problem)
    {
        Assert.NotEmpty(problem.Code);
        Assert.NotEmpty(problem.Message);
    }
}
