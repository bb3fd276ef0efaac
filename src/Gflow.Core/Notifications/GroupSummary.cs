using System.Globalization;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Jobs;

namespace Gflow.Core.Notifications;

/// <summary>What a mail about a group of jobs says besides its list of facts.</summary>
internal static class GroupSummary
{
    /// <summary>How the group is for those who hear of it.</summary>
    public static MailTone Tone(GroupFacts group) =>
        Count(group, JobState.Failed) + Count(group, JobState.Timeout) > 0 ? MailTone.Bad
        : Count(group, JobState.Cancelled) > 0 ? MailTone.Warning
        : MailTone.Good;

    public static IReadOnlyList<string> Sentences(NotificationPayload payload, GroupFacts group)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"group {group.Number}{LineText.InBrackets(group.Name)} of {LineText.Of(group.User)}");
        var isOver = payload.Event == EventType.GroupCompleted.WireName();
        var happened = isOver
            ? string.Create(CultureInfo.InvariantCulture, $"All {group.Tasks} tasks of {name} are over at {payload.Timestamp}: {States(group)}.")
            : string.Create(CultureInfo.InvariantCulture, $"Too many tasks of {name} have failed at {payload.Timestamp}: {States(group)}.");
        return group is { Stopped: true, MaxFails: { } limit } ? [happened, Stopped(limit)] : [happened];
    }

    /// <summary>The first failures and the slowest, one on a line.</summary>
    public static IReadOnlyList<string> Lists(GroupFacts group) =>
    [
        .. group.FirstFailures.Count > 0 ? ["The first that failed:", .. group.FirstFailures.Select(member => $"  {Line(group, member)}")] : Array.Empty<string>(),
        .. group.Slowest.Count > 0 ? ["The slowest:", .. group.Slowest.Select(member => $"  {Line(group, member)}")] : Array.Empty<string>(),
    ];

    public static IReadOnlyList<string> Commands(NotificationPayload payload, GroupFacts group) =>
    [
        $"gjob show {group.Id}",
        .. group.FirstFailures.Take(1).Select(member => string.Create(CultureInfo.InvariantCulture, $"gjob log {member.Id}")),
        .. payload.Event == EventType.GroupCompleted.WireName()
            ? group.FirstFailures.Take(1).Select(_ => $"gjob redo --failed {group.Id}")
            : Count(group, JobState.Hold) > 0 ? [$"gjob release {group.Id}"] : Array.Empty<string>(),
    ];

    private static string Stopped(string limit) => limit.EndsWith(":hold", StringComparison.Ordinal)
        ? $"As --max-fails {limit} asks for, the tasks that had not started are held."
        : $"As --max-fails {limit} asks for, the tasks that had not started were cancelled.";

    private static string States(GroupFacts group) =>
        string.Join(", ", group.States.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Value} {Word(pair.Key)}")));

    private static string Word(string state) => state switch
    {
        nameof(JobState.Finished) => "succeeded",
        nameof(JobState.Timeout) => "ran out of time",
        nameof(JobState.Hold) => "held",
        _ => state.ToLowerInvariant(),
    };

    private static string Line(GroupFacts group, MemberFacts member)
    {
        var task = member.TaskId is { } index ? string.Create(CultureInfo.InvariantCulture, $"{group.Number}_{index}, ") : "";
        var end = member switch
        {
            { ReasonText: { } reason } => $": {LineText.Of(reason)}",
            { Signal: { } signal } => $": {signal}",
            { State: nameof(JobState.Timeout) } => ": time limit",
            { ExitCode: { } code } => string.Create(CultureInfo.InvariantCulture, $": exit code {code}"),
            _ => "",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{task}job {member.Id}{LineText.InBrackets(member.Name)}{end}{(member.Runtime is { } runtime ? $" after {runtime}" : "")}");
    }

    private static int Count(GroupFacts group, JobState state) => group.States.GetValueOrDefault(state.ToString());
}
