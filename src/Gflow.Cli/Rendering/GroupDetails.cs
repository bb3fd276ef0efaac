using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Cli.Rendering;

/// <summary>Everything about a group of jobs as a whole, as sections of <c>Key=Value</c> lines; what does not apply is left out.</summary>
internal static class GroupDetails
{
    internal static void Write(TextWriter writer, GroupView group, DateTimeOffset now, TimeZoneInfo zone, Palette palette, int? width)
    {
        var (submitted, completed) = (group.SubmittedAt?.ToInstant(), group.CompletedAt?.ToInstant());
        var page = new DetailsPage(writer, palette, width);
        page.Heading("Group Details");
        page.Field("Number", JobText.Count(group.Number));
        page.Field("GroupID", group.GroupId);
        page.Field("Name", group.Name);
        page.Field("SubmittedBy", group.SubmittedBy);
        page.Field("Project", group.Project);
        page.Field("Tasks", $"{JobText.Count(group.Tasks)}{(group.Indices is { } indices ? $" ({group.Number}_[{indices}])" : "")}");
        page.Field("Progress", GroupBar.Of(group.States));
        page.Field("Command", group.Command);
        page.Field("Parameters", group.Parameters.Count > 0 ? string.Join(", ", group.Parameters) : null);
        page.Field("MaxConcurrent", group.MaxConcurrent is { } most ? JobText.Count(most) : null);
        page.Field("MaxFails", group.MaxFails is { } limit ? $"{limit}{(group.Stopped ? " (reached: the rest was not started)" : "")}" : null);
        page.Section("Exit Codes", [.. group.ExitCodes.Select(pair => (pair.Key, (string?)JobText.Count(pair.Value)))]);
        page.Section("First Failures", [.. group.FirstFailures.Select(member => (Called(group, member), (string?)How(member)))]);
        page.Section("Slowest", [.. group.Slowest.Select(member => (Called(group, member), (string?)How(member)))]);
        page.Section("Timing",
        [
            ("Submitted", submitted is { } at ? JobText.Shown(at, zone) : null),
            ("Completed", completed is { } end ? JobText.Shown(end, zone) : null),
            ("Elapsed", submitted is { } begin ? DurationText.Format((completed ?? now) - begin) : null),
        ]);
    }

    private static string Called(GroupView group, MemberFacts member) => member.TaskId is { } index ? $"{group.Number}_{index}" : JobText.Count(member.Id);

    private static string How(MemberFacts member) =>
        $"job {member.Id}, {SafeText.Line(member.State)}{(member.Signal is { } signal ? $", {SafeText.Line(signal)}" : member.ExitCode is { } code ? $", exit code {code}" : "")}{(member.ReasonText is { } reason ? $" ({SafeText.Line(reason)})" : "")}{(member.Runtime is { } runtime ? $", {runtime}" : "")}";
}
