using System.Globalization;
using Gflow.Core.Contracts;

namespace Gflow.Cli.Gctl;

/// <summary><c>gctl set-limit</c>: how many jobs of a group may run at once.</summary>
internal static class SetLimitCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "set-limit",
        Summary = "Say how many jobs of an array or sweep may run at once",
        Words = new("JOB_OR_GROUP NUM", 2, 2, "One of its jobs, or its group id; and how many may run at once, 0 for none"),
        Notes = ["It holds at once: where more may run than did, they start; what runs already goes on."],
        Examples =
        [
            new("gctl set-limit 17 4", "Four at once of the array that job 17 is from"),
            new("gctl set-limit 0f8fad5b-d9cb-469f-a165-70867728950e 0", "Start no more of this group"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var word = invocation.Words[0].Trim();
        if (!int.TryParse(invocation.Words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var most))
        {
            throw Invocation.Wrong($"\"{invocation.Words[1]}\" is no number of jobs; write a whole number from 0");
        }

        var group = word;
        if (!Guid.TryParseExact(word, "D", out _))
        {
            var id = await invocation.JobAsync(word, cancel);
            group = Invocation.Need(await invocation.Client.GetAsync(id, cancel)).GroupId
                ?? throw Invocation.No($"job {id} belongs to no group: only jobs of an array or sweep share a limit");
            if (!invocation.Json)
            {
                invocation.Out.WriteLine($"Found job {id} in group '{group}'");
            }
        }

        var limited = Invocation.Need(await invocation.Client.LimitGroupAsync(group, most, cancel));
        return invocation.Answer(limited, WireJson.Default.GroupLimitAnswer, text =>
            text.WriteLine($"Updated max_concurrency to {limited.MaxConcurrent} for group '{limited.GroupId}' ({limited.UpdatedJobs} jobs affected)"));
    }
}
