using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gflow.Core.Contracts;
using Gflow.Core.Submission;
using Gflow.Core.Text;
using Gflow.Daemon.Execution.Local;
using Gflow.Daemon.Gpus.Nvml;
using Gflow.Daemon.Http;
using Gflow.Tests.Configuration;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Fuzz;

/// <summary>Whole documents and messages: the configuration, JSON bodies, what the launcher says.</summary>
internal static class FormatTargets
{
    /// <summary>What bodies are made of.</summary>
    public static IReadOnlyList<string> WordsOfJson { get; } =
    [
        "\"command\":", "\"script\":", "\"script_content\":", "\"gpus\":", "\"time_limit\":{\"secs\":", "\"nanos\":", "\"depends_on_ids\":[", "\"environment\":{", "\"notifications\":{",
        "\"emails\":[", "\"events\":[", "\"start_time\":{\"secs_since_epoch\":", "\"nanos_since_epoch\":", "\"duration_secs\":", "\"gpu_indices\":[", "null", "false", "1e400", "-0", "\"\\u0000\"", "\"\\ud800\"", "/**/",
    ];

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.OfBytes("configuration", 3.5, File) with
        {
            Words =
            [
                "[daemon]\n", "[notifications]\nenabled = true\n", "[[notifications.webhooks]]\n", "[[notifications.emails]]\n", "url = ", "smtp_url = ", "\"smtps://u:p@h.example\"", "events = [\"*\"]\n",
                "timezone = \"", "= { file = \"", "{ env = \"HOME\" }", "'''", "\"\"\"", "\n[", "\n[[", "]]\n", " = ", "a.b.c", "1979-05-27T07:32:00Z", "inf", "0b1", "1_000", "\\U0001F600", "# ",
            ],
        },
        FuzzTarget.OfText("variables", 1.5, Variables) with { Words = ["\nGFLOW_", "__", "GFLOW_DAEMON__PORT=", "GFLOW_NOTIFICATIONS__WEBHOOKS=[{url=\"", "GFLOW_PROJECTS__", "[", "{", "=", "true"] },
        Json("submission", 2, WireJson.Default.SubmissionDraft, Submission),
        Json("batch", 1, WireJson.Default.ListSubmissionDraft, drafts => drafts.ForEach(draft => SubmissionRules.Check(draft, Draft.Policy))),
        Json("update", 1, WireJson.Default.UpdateDraft, draft => SubmissionRules.Check(Draft.Queued(Draft.Job().Spec), draft, Draft.Policy)),
        Json("reservation", 1, WireJson.Default.ReservationDraft, draft => Core.Reservations.ReservationCheck.Check(draft, "alice", [0, 1, 2, 3], Draft.Noon)),
        FuzzTarget.OfBytes("launcher-reply", 2, Reply),
        FuzzTarget.OfBytes("gpu-records", 2.5, Records),
        FuzzTarget.OfBytes("gpu-line", 2.5, Line) with { Words = ["\"card\":{", "\"round\":{", "\"trouble\":{", "\"uuid\":", "\"processes\":[{\"pid\":", "\"cards\":[", "\"state\":\"silent\"", "null"] },
    ];

    /// <summary>What came as bytes is the same when it is sent on.</summary>
    private static void Submission(SubmissionDraft draft)
    {
        var plain = draft.Unpacked();
        if (SubmissionRules.Check(plain, Draft.Policy).Ok && plain.Script is { Length: > 0 } script)
        {
            Assert.Equal(ByteText.Bytes(script), ByteText.Bytes(plain.Packed().Unpacked().Script!));
        }
    }

    /// <summary>What a driver lists, behind the number of records that it claims.</summary>
    private static void Records(byte[] bytes)
    {
        var records = bytes.AsSpan(Math.Min(1, bytes.Length));
        var count = bytes.Length == 0 ? 0 : Math.Min(bytes[0], records.Length / ProcessRecord.Largest);
        Assert.Equal(count, ProcessRecord.Read(records, count).Count);
    }

    /// <summary>A line of the process that reads the cards.</summary>
    private static void Line(byte[] bytes)
    {
        try
        {
            _ = JsonSerializer.Deserialize(bytes, ProbeJson.Default.ProbeLine);
        }
        catch (JsonException)
        {
            // So it is told that this is no line.
        }
    }

    private static void File(byte[] bytes)
    {
        using var home = new ConfigHome("");
        System.IO.File.WriteAllBytes(home.Paths.ConfigFile, bytes);
        Loaded(home);
    }

    /// <summary>A variable on each line.</summary>
    private static void Variables(string text)
    {
        using var home = new ConfigHome();
        foreach (var line in text.Replace("\0", "", StringComparison.Ordinal).Split('\n'))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && line.StartsWith("GFLOW_", StringComparison.Ordinal))
            {
                home.Environment[line[..equals]] = line[(equals + 1)..];
            }
        }

        Loaded(home);
    }

    private static void Loaded(ConfigHome home)
    {
        var load = home.Load();
        Assert.Equal(load.Options is null, load.Problems.Count > 0);
        Assert.All(load.Problems, problem => Assert.NotEmpty(problem.ToString()));
        Assert.All(home.LoadClient().Problems, problem => Assert.NotEmpty(problem.Message));
    }

    private static FuzzTarget Json<T>(string name, double seconds, JsonTypeInfo<T> type, Action<T> use) => FuzzTarget.OfBytes(name, seconds, bytes =>
    {
        var read = RequestBody.Parse(bytes, type);
        if (!read.Ok)
        {
            Assert.All(read.Problems, problem => Assert.NotEmpty(problem.Message));
            return;
        }

        use(read.Value);
        if (bytes.AsSpan().IndexOf("\\u"u8) < 0)
        {
            // What nobody reads is kept as it was written, and half a character that was written as an escape cannot be written again.
            var written = JsonSerializer.Serialize(read.Value, type);
            Assert.Equal(written, JsonSerializer.Serialize(RequestBody.Parse(Encoding.UTF8.GetBytes(written), type).Value, type));
        }
    }) with
    { Words = WordsOfJson };

    private static void Reply(byte[] frame)
    {
        try
        {
            Assert.NotNull(LauncherMessages.Decode(frame));
        }
        catch (InvalidDataException refusal)
        {
            Assert.NotEmpty(refusal.Message);
        }
    }
}
