using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Documentation;

/// <summary>What goes over the wire is documented, field by field.</summary>
public sealed partial class ContractTests
{
    private static readonly DocPage Notifications = DocPage.Open("docs/notifications.md");

    private static readonly DocPage Api = DocPage.Open("docs/api.md");

    [Fact]
    public void The_payload_has_exactly_the_documented_fields()
    {
        Assert.Equal(Names(PayloadJson.Default.NotificationPayload), Notifications.FirstCells("### Payload fields").Order());
        Assert.Equal(Names(PayloadJson.Default.JobFacts), Notifications.FirstCells("### Job fields").Order());
        Assert.Equal(Names(PayloadJson.Default.GroupFacts), Notifications.FirstCells("### Group fields").Order());
        Assert.Equal(Names(PayloadJson.Default.ReservationFacts), Notifications.FirstCells("### Reservation fields").Order());
        Assert.Equal(Names(PayloadJson.Default.TargetFacts), Notifications.FirstCells("### Notification fields").Order());
    }

    [Fact]
    public void The_payload_has_exactly_the_fields_of_the_schema()
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(Path.Combine(GoldenFile.Root(), "docs", "reference", "notification.schema.json")));
        var root = schema.RootElement.GetProperty("properties");
        Assert.Equal(Names(PayloadJson.Default.NotificationPayload), root.EnumerateObject().Select(field => field.Name).Order());
        Assert.Equal(Names(PayloadJson.Default.JobFacts), Below("job"));
        Assert.Equal(Names(PayloadJson.Default.GroupFacts), Below("group"));
        Assert.Equal(Names(PayloadJson.Default.ReservationFacts), Below("reservation"));
        Assert.Equal(Names(PayloadJson.Default.GpuFacts), Below("gpu"));
        Assert.Equal(Names(PayloadJson.Default.TargetFacts), Below("notification"));
        Assert.Equal(Enum.GetValues<EventType>().Select(type => type.WireName()), root.GetProperty("event").GetProperty("enum").EnumerateArray().Select(name => name.GetString()));

        IEnumerable<string> Below(string name) => root.GetProperty(name).GetProperty("properties").EnumerateObject().Select(field => field.Name).Order();
    }

    [Fact]
    public void The_events_that_are_sent_are_exactly_the_documented_ones() =>
        Assert.Equal(EventTypes.All.Select(type => type.WireName()), Notifications.FirstCells("## Events"));

    [Fact]
    public void The_job_has_exactly_the_documented_fields()
    {
        var section = Api.Section("### The job");
        var later = LaterField().Matches(section[section.IndexOf("not built yet", StringComparison.Ordinal)..]).Select(match => match.Groups[1].Value);
        Assert.Equal(Names(WireJson.Default.JobView), Api.FirstCells("### The job").Concat(later).Order());
    }

    [Fact]
    public void The_other_answers_have_exactly_the_documented_fields()
    {
        var lines = Api.Text.Split('\n');
        Assert.Equal(Names(WireJson.Default.StatusAnswer), After("| Field of `/status` | Meaning |"));
        Assert.Equal(Names(WireJson.Default.StatsAnswer), After("| Field of `/stats` | Meaning |"));
        Assert.Equal(Names(WireJson.Default.UsageView), After("| Field of a user or project | Meaning |"));
        Assert.Equal(Names(WireJson.Default.ReservationDraft), After("| Field of a new reservation | Meaning |"));
        Assert.Equal(Names(WireJson.Default.ReservationView), After("| Field of a reservation | Meaning |"));
        Assert.Equal(Names(WireJson.Default.GroupView), After("| Field of a group | Meaning |"));
        Assert.Equal(Names(NotificationJson.Default.TargetView), After("| Field of a target | Meaning |"));
        Assert.Equal(Names(NotificationJson.Default.DeliveryView), After("| Field of a delivery | Meaning |"));
        Assert.Equal(Names(NotificationJson.Default.AttemptView), After("| Field of an attempt | Meaning |"));
        Assert.Equal(Names(NotificationJson.Default.ToldView), After("| Field of who is told | Meaning |"));
        Assert.Equal(Names(NotificationJson.Default.NotToldView), After("| Field of who is not | Meaning |"));
        Assert.Equal(Names(AuditJson.Default.AuditView), After("| Field of a record | Meaning |"));
        Assert.Equal(Names(WireJson.Default.StreamFrame), After("| Field of a frame | Meaning |"));

        IEnumerable<string> After(string head) => lines
            .Skip(Array.IndexOf(lines, head) + 2)
            .TakeWhile(line => line.StartsWith('|'))
            .SelectMany(line => line.Split('|')[1].Split(','))
            .Select(cell => cell.Trim(' ', '`'))
            .Order();
    }

    [Fact]
    public void Every_route_is_documented()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(GoldenFile.Root(), "src", "Gflow.Daemon"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText);
        var routes = sources.SelectMany(source => Route().Matches(source)).Select(match => match.Groups[1].Value).Distinct().ToList();
        var table = Api.Section("## Routes");
        Assert.True(routes.Count > 10);
        Assert.All(routes, route => Assert.Contains($" {route}`", table, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Names(JsonTypeInfo type) => type.Properties.Where(property => property.Get is not null).Select(property => property.Name).Order();

    [GeneratedRegex("`([a-z_]+)` (?:null|0|false|\\{\\}|`\"Exclusive\"`)")]
    private static partial Regex LaterField();

    [GeneratedRegex("""\.(?:MapGet|Read|ReadAsync|Stream|Try|Change)\((?:HttpMethod\.\w+, )?"(/[^"]+)""")]
    private static partial Regex Route();
}
