using System.Collections;
using System.Reflection;
using System.Text.Json;
using Gflow.Core.Arrays;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Submission;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Laws;

/// <summary>What is asked for is said in several types; none of them forgets a property that another has.</summary>
public sealed class SpecLawTests
{
    private static readonly byte[] Script = "#!/bin/sh\n"u8.ToArray();
    private static readonly Dictionary<string, string> Variables = new() { ["A"] = "1" };

    /// <summary>Together they give every property of a specification another value than it has by itself.</summary>
    public static TheoryData<string> Kinds => ["command", "script"];

    [Theory, MemberData(nameof(Kinds))]
    public void A_specification_is_stored_and_read_again_as_it_was(string kind)
    {
        var spec = Accepted(kind).Spec;
        var row = JsonSerializer.SerializeToUtf8Bytes(StoredSpec.From(spec), StoreJson.Default.StoredSpec);
        Same(spec, JsonSerializer.Deserialize(row, StoreJson.Default.StoredSpec)!.ToSpec());
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_job_that_is_repeated_asks_for_the_same(string kind)
    {
        var (spec, script, _, _, _) = Accepted(kind);
        var job = new Job(spec.RedoneFrom!.Value, spec, "alice", 1000, Draft.Noon, new JobStatus.Queued(), 1, 1);
        var again = SubmissionRules.Check(SubmissionDraft.Of(job, script, Variables), Draft.Policy);
        Same(spec, again.Value.Spec);
    }

    [Fact]
    public void The_samples_leave_no_property_of_a_specification_out()
    {
        var usual = new JobSpec { RunDir = "/" };
        Assert.Empty(Stored(typeof(JobSpec)).Where(property =>
            Kinds.All(kind => Text(property.GetValue(Accepted(kind).Spec)) == Text(property.GetValue(usual)))).Select(property => property.Name));
    }

    [Fact]
    public void Drafts_laid_over_one_another_lose_no_property()
    {
        var full = new SubmissionDraft();
        foreach (var property in Stored(typeof(SubmissionDraft)).Where(property => !IsOnWireAlone(property)))
        {
            property.SetValue(full, Sample(property));
        }

        Same(full, new SubmissionDraft().Under(full));
        Same(full, full.Under(new SubmissionDraft()));
    }

    [Fact]
    public void The_bytes_of_every_property_that_may_be_no_text_go_over_the_wire()
    {
        var draft = new SubmissionDraft { Script = "/caf\uDCE9", Arguments = ["\uDCE9"], RunDir = "/\uDCE9", Environment = new Dictionary<string, string> { ["A"] = "\uDCE9" } };
        var packed = draft.Packed();
        Assert.All(Stored(typeof(SubmissionDraft)).Where(IsOnWireAlone), property => Assert.NotNull(property.GetValue(packed)));
        var sent = JsonSerializer.Serialize(packed, WireJson.Default.SubmissionDraft);
        Same(draft, JsonSerializer.Deserialize(sent, WireJson.Default.SubmissionDraft)!.Unpacked());
    }

    private static AcceptedSubmission Accepted(string kind)
    {
        var draft = new SubmissionDraft
        {
            RunDir = "/tmp/\uDCE9",
            Environment = Variables,
            Umask = "077",
            Limits = new Dictionary<string, long?> { ["core"] = 0 },
            Gpus = 2,
            GpuType = "a100",
            GpuMinMemoryMb = 40_960,
            GpuIndices = [1, 2],
            Priority = 77,
            TimeLimit = WireDuration.From(TimeSpan.FromMinutes(5)),
            DependsOnIds = [3, 4],
            DependencyMode = nameof(DependencyMode.Any),
            AutoCancelOnDependencyFailure = false,
            Project = "vision",
            Notifications = new WireNotifications { Emails = ["alice@example.org"], Events = ["job_failed"] },
            RedoneFrom = 9,
            TaskId = 3,
            Parameters = new Dictionary<string, string> { ["lr"] = "0.1" },
            Frame = new ArrayFrame(new JobId(2), 3, 1, 5, 2),
        };
        var check = SubmissionRules.Check(kind == "command" ? draft with { Name = "train", Command = "true" } : draft with { NameTemplate = "lr-{lr}", Script = "/s\uDCE9", ScriptContent = Script, Arguments = ["\uDCE9"] }, Draft.Policy);
        Assert.True(check.Ok, string.Join("; ", check.Problems.Select(problem => problem.Message)));
        return check.Value;
    }

    private static IEnumerable<PropertyInfo> Stored(Type type) => type.GetProperties().Where(property => property.SetMethod is not null);

    private static bool IsOnWireAlone(PropertyInfo property) => property.Name.EndsWith("Base64", StringComparison.Ordinal);

    private static object Sample(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return type == typeof(string) ? property.Name
            : type == typeof(long) ? 7L
            : type == typeof(bool) ? true
            : type == typeof(byte[]) ? Script
            : type == typeof(IReadOnlyList<string>) ? new[] { property.Name }
            : type == typeof(IReadOnlyList<long>) ? new[] { 7L }
            : type == typeof(IReadOnlyDictionary<string, string>) ? Variables
            : type == typeof(IReadOnlyDictionary<string, long?>) ? new Dictionary<string, long?> { ["core"] = 0 }
            : type == typeof(IDictionary<string, JsonElement>) ? new Dictionary<string, JsonElement> { ["other"] = JsonElement.Parse("1") }
            : type == typeof(IReadOnlyList<WireAxis>) ? new[] { new WireAxis("lr", ["0.1"]) }
            : type == typeof(TaskPlan) ? TaskPlan.ForArray(new ArraySpec([3], null))
            : type == typeof(IReadOnlyList<uint>) ? new[] { 7u }
            : type == typeof(ArrayFrame) ? new ArrayFrame(new JobId(2), 3, 1, 5, 2)
            : type == typeof(WireRows) ? new WireRows(["lr"], [["0.1"]])
            : type == typeof(WireDuration) ? WireDuration.From(TimeSpan.FromMinutes(5))!
            : type == typeof(WireNotifications) ? new WireNotifications { Emails = ["alice@example.org"] }
            : throw new InvalidOperationException($"Write a sample of {type} here, for {property.Name}.");
    }

    private static void Same<T>(T expected, T actual) => Assert.Equal(
        Stored(typeof(T)).Select(property => $"{property.Name}: {Text(property.GetValue(expected))}"),
        Stored(typeof(T)).Select(property => $"{property.Name}: {Text(property.GetValue(actual))}"));

    /// <summary>The whole value, also what lies within lists and records.</summary>
    private static string Text(object? value) => value switch
    {
        null => "null",
        string text => string.Concat(text.Select(c => char.IsSurrogate(c) ? $"\\u{(int)c:X4}" : $"{c}")),
        IDictionary pairs => $"{{{string.Join(", ", pairs.Keys.Cast<object>().Select(key => $"{key}: {Text(pairs[key])}"))}}}",
        IEnumerable list => $"[{string.Join(", ", list.Cast<object?>().Select(Text))}]",
        DependencySpec or NotificationWish or WireNotifications => string.Join(", ", value.GetType().GetProperties().Where(property => property.CanRead && property.GetMethod!.IsPublic && !property.GetMethod.IsStatic).Select(property => $"{property.Name}={Text(property.GetValue(value))}")),
        _ => value.ToString()!,
    };
}
