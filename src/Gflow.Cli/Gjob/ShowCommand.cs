using Gflow.Cli.Groups;
using System.Text.Json;
using Gflow.Cli.Rendering;
using Gflow.Client;
using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Cli.Gjob;

/// <summary><c>gjob show</c>: everything about jobs.</summary>
internal static class ShowCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "show",
        Aliases = ["s"],
        Summary = "Show everything about jobs",
        Words = GjobCommand.Jobs,
        Examples =
        [
            new("gjob show 42", "One job"),
            new("gjob show @ @~2", "Your last two submissions"),
            new("gjob show 17_*", "An array as a whole; 17_3 is one of its tasks"),
            new("gjob show --json 7,9-12", "For programs"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var code = ExitCodes.Done;
        List<JobView> jobs = [];
        Dictionary<uint, IReadOnlyList<DeliveryView>> deliveries = [];
        List<(JobId Id, string Error)> errors = [];
        var named = GroupActions.Split(invocation.Words);
        List<GroupView> groups = [];
        foreach (var whole in named.Groups.Where(group => group.Tasks is null))
        {
            groups.Add(Invocation.Need(await invocation.Client.GroupAsync(whole.Group, cancel)));
        }

        var words = named.Groups.Where(group => group.Tasks is not null).Select(group => group.ToString()).Concat(named.Jobs);
        foreach (var id in await invocation.JobsAsync(words, cancel))
        {
            var job = await invocation.Client.GetAsync(id, cancel);
            if (job.Ok)
            {
                jobs.Add(job.Value);
                deliveries.Add(job.Value.Id, await DeliveriesAsync(invocation, job.Value, cancel));
                continue;
            }

            code = CommandFailedException.CodeOf(job.Failure);
            errors.Add((id, JobActions.Told(id, job.Failure)));
        }

        if (invocation.Json)
        {
            Invocation.WriteJson(invocation.Out, writer => Write(writer, invocation.Now, groups, jobs, [.. jobs.SelectMany(job => deliveries[job.Id])], errors));
            return code;
        }

        if (jobs.Count + groups.Count > 0)
        {
            var zone = Invocation.Need(invocation.Zone);
            for (var i = -groups.Count; i < jobs.Count; i++)
            {
                if (i > -groups.Count)
                {
                    invocation.Out.WriteLine($"\n{new string('=', Math.Min(80, invocation.Context.Width ?? 80))}\n");
                }

                if (i < 0)
                {
                    GroupDetails.Write(invocation.Out, groups[i + groups.Count], invocation.Now, zone, invocation.Palette, invocation.Context.Width);
                    continue;
                }

                JobDetails.Write(invocation.Out, jobs[i], invocation.Now, zone, invocation.Palette, invocation.Context.Width);
                NotificationText.WriteOfJob(invocation.Out, deliveries[jobs[i].Id], zone, invocation.Palette, invocation.Context.Width);
            }
        }

        foreach (var (_, error) in errors)
        {
            invocation.Complain(error);
        }

        return code;
    }

    /// <summary>Who was told of it. Of other users' jobs nobody else knows, and a refusal of an older daemon hides no job.</summary>
    private static async Task<IReadOnlyList<DeliveryView>> DeliveriesAsync(Invocation invocation, JobView job, CancellationToken cancel)
    {
        if (job.Hidden is not null)
        {
            return [];
        }

        var told = await invocation.Client.DeliveriesAsync(new JobId(job.Id), cancel);
        return told.Failure is null or ClientFailure.Refused ? told.Ok ? told.Value : [] : throw CommandFailedException.From(told.Failure);
    }

    private static void Write(
        Utf8JsonWriter writer, DateTimeOffset now, List<GroupView> groups, List<JobView> jobs, List<DeliveryView> deliveries, List<(JobId Id, string Error)> errors)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("jobs");
        foreach (var job in jobs)
        {
            JobJson.WriteDetails(writer, job, now);
        }

        writer.WriteEndArray();
        if (groups.Count > 0)
        {
            writer.WritePropertyName("groups");
            JsonSerializer.Serialize(writer, groups, WireJson.Default.ListGroupView);
        }

        writer.WritePropertyName("deliveries");
        JsonSerializer.Serialize(writer, deliveries, CommandJson.Default.ListDeliveryView);
        if (errors.Count > 0)
        {
            writer.WriteStartArray("errors");
            foreach (var (id, error) in errors)
            {
                writer.WriteStartObject();
                writer.WriteNumber("id", id.Value);
                writer.WriteString("error", error);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }
}
