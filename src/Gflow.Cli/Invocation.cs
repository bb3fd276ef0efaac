using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Gflow.Client;
using Gflow.Client.CommandLine;
using Gflow.Client.Configuration;
using Gflow.Client.Submitting;
using Gflow.Core;
using Gflow.Core.Jobs;
using Gflow.Core.Submission;
using Gflow.Core.Text;

namespace Gflow.Cli;

/// <summary>One run of one command: what was given, where to write, and how to say no.</summary>
internal sealed class Invocation(ParsedCommand parsed, CommandContext context) : IDisposable
{
    private static readonly JsonWriterOptions JsonStyle = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private Result<ClientOptions>? _options;
    private GflowClient? _client;

    internal CommandContext Context => context;

    internal CommandSpec Spec => parsed.Spec;

    internal IReadOnlyList<string> Words => parsed.Words;

    /// <inheritdoc cref="ParsedCommand{TCall}.Insists"/>
    internal bool Insists => parsed.Insists;

    internal TextWriter Out => context.Out;

    internal bool Json => Has("--json");

    internal Palette Palette { get; } = Palette.For(parsed.Text("--color") ?? "auto", context.OutIsTerminal, context.Environment);

    internal DateTimeOffset Now => context.Time.GetUtcNow();

    public void Dispose() => _client?.Dispose();

    internal bool Has(string option) => parsed.Has(option);

    /// <returns>The option's value; null when it was not given.</returns>
    internal string? Text(string option) => parsed.Text(option);

    /// <summary>The option's value as the name of something; null when it was not given.</summary>
    /// <exception cref="CommandFailedException">It is empty, so that nothing would be chosen by it.</exception>
    internal string? Name(string option) => Names(option) is [.., var last] ? last : null;

    /// <summary>The option's values as names, or lists of names with commas, in the order given; empty when it was not.</summary>
    /// <exception cref="CommandFailedException">One names nothing, so that nothing would be chosen by it.</exception>
    internal IReadOnlyList<string> Names(string option) =>
        Texts(option).Any(text => text.All(c => c == ',' || char.IsWhiteSpace(c))) ? throw Wrong($"{option} needs a value") : Texts(option);

    /// <returns>All its values in the order given; empty when it was not.</returns>
    internal IReadOnlyList<string> Texts(string option) => parsed.Texts(option);

    /// <summary>The option's value as a whole number; null when it was not given.</summary>
    /// <param name="takes">Which numbers it takes, in words.</param>
    /// <exception cref="CommandFailedException">It is no such number.</exception>
    internal long? Number(string option, string takes, long least = 1, long most = int.MaxValue) =>
        Text(option) is not { } text ? null
        : long.TryParse(text, least < 0 ? NumberStyles.AllowLeadingSign : NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most ? number
        : throw Wrong($"{option} takes {takes}, not \"{text}\"");

    /// <summary>The first word as the number of what it names.</summary>
    /// <param name="what">Such as <c>reservation</c>.</param>
    /// <exception cref="CommandFailedException">It is no such number.</exception>
    internal long WordNumber(string what, long most, int example) =>
        long.TryParse(Words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= most
            ? number
            : throw Wrong(FormattableString.Invariant($"\"{Words[0]}\" is not a {what}; write its number, such as {example}"));

    internal Result<ClientOptions> Options => _options ??= context.LoadOptions(Text("--config"));

    internal Result<TimeZoneInfo> Zone => Options.Then(context.Zone);

    /// <exception cref="CommandFailedException">The configuration cannot be read.</exception>
    internal GflowClient Client => _client ??= context.Connect(Need(Options));

    /// <exception cref="CommandFailedException">There are problems instead.</exception>
    internal static T Need<T>(Result<T> result) => result.Ok
        ? result.Value
        : throw new CommandFailedException(result.Problems[0].Kind == ProblemCode.Usage ? ExitCodes.Usage : ExitCodes.Refused, result.Problems);

    /// <summary>A value of the command line.</summary>
    /// <exception cref="CommandFailedException">There are problems instead: wrong usage.</exception>
    internal static T NeedUsage<T>(Result<T> result, string option) => result.Ok
        ? result.Value
        : throw new CommandFailedException(ExitCodes.Usage, [.. result.Problems.Select(problem => problem with { Message = $"{option}: {problem.Message}" })]);

    /// <exception cref="CommandFailedException">There is a failure instead.</exception>
    internal static T Need<T>(ClientResult<T> result) => result.Ok ? result.Value : throw CommandFailedException.From(result.Failure);

    internal static CommandFailedException Wrong(string message) => new(ExitCodes.Usage, [new Problem(ProblemCode.Usage, message)]);

    internal static CommandFailedException No(string message, ProblemCode? code = null) => new(ExitCodes.Refused, [new Problem(code ?? ProblemCode.Refused, message)]);

    /// <summary>Writes the value: as JSON where that is asked for, otherwise as text for people.</summary>
    /// <returns><see cref="ExitCodes.Done"/>.</returns>
    internal int Answer<T>(T value, JsonTypeInfo<T> type, Action<TextWriter> text) => Answer(() => WriteJson(value, type), text);

    /// <summary>Writes a list: as JSON under the name of what it lists, or as a table.</summary>
    /// <param name="none">What to say when it is empty.</param>
    /// <inheritdoc cref="Answer"/>
    internal int AnswerList<T>(string name, List<T> found, JsonTypeInfo<List<T>> type, string none, Action table) =>
        Answer(() => WriteJson(new JsonObject { [name] = JsonSerializer.SerializeToNode(found, type) }), text =>
        {
            if (found.Count == 0)
            {
                text.WriteLine(none);
            }
            else
            {
                table();
            }
        });

    /// <inheritdoc cref="Answer"/>
    internal int Answer(Action json, Action<TextWriter> text)
    {
        if (Json)
        {
            json();
        }
        else
        {
            text(Out);
        }

        return ExitCodes.Done;
    }

    /// <summary>Writes one indented JSON value and a line feed.</summary>
    internal void WriteJson<T>(T value, JsonTypeInfo<T> type) => WriteJson(Out, writer => JsonSerializer.Serialize(writer, value, type));

    /// <inheritdoc cref="WriteJson"/>
    internal void WriteJson(JsonObject value) => WriteJson(Out, writer => value.WriteTo(writer));

    /// <inheritdoc cref="WriteJson"/>
    /// <param name="write">May flush what it has written so far, so that a long value is never in memory as a whole.</param>
    internal static void WriteJson(TextWriter output, Action<Utf8JsonWriter> write)
    {
        using var safe = new SafeJsonStream(output);
        using (var writer = new Utf8JsonWriter(safe, JsonStyle))
        {
            write(writer);
        }

        output.WriteLine();
    }

    /// <summary>Writes sentences for people, each on lines of its own.</summary>
    internal void Tell(string text)
    {
        foreach (var line in text.Split('\n').SelectMany(sentence => Prose.Lines(sentence, context.Width)))
        {
            Out.WriteLine(line);
        }
    }

    /// <summary>Writes what went wrong with one of several jobs, and goes on.</summary>
    internal void Complain(string message)
    {
        // Whoever sees both on one terminal sees them in the order in which they were said.
        Out.Flush();
        context.Error.WriteLine($"{parsed.Path.Split(' ')[0]}: {SafeText.Line(message)}");
    }

    /// <summary>Writes what the daemon said about trouble that it is in, for people alone.</summary>
    internal void PassWarningOn()
    {
        if (!Json && _client?.Warning is { } warning)
        {
            Complain($"warning: {warning}");
        }
    }

    /// <summary>The jobs named by the words: id lists and references, without repeats, in the order named.</summary>
    internal async Task<IReadOnlyList<JobId>> JobsAsync(IEnumerable<string> words, CancellationToken cancel)
    {
        List<JobId> ids = [];
        HashSet<JobId> named = [];
        foreach (var item in words.SelectMany(TaskReference.SplitList))
        {
            if (TaskReference.IsOne(item))
            {
                foreach (var id in await TasksAsync(NeedUsage(TaskReference.Parse(item), "jobs"), cancel))
                {
                    Add(id);
                }

                continue;
            }

            if (item.TrimStart().StartsWith('@'))
            {
                Add(await JobAsync(item, cancel));
                continue;
            }

            foreach (var number in NeedUsage(IndexListText.Parse(item), "jobs"))
            {
                Add(number > 0 ? new JobId(number) : throw Wrong("jobs are numbered from 1; there is no job 0"));
            }
        }

        return ids;

        void Add(JobId id)
        {
            if (named.Add(id))
            {
                ids.Add(id);
            }
        }
    }

    /// <summary>The one job a reference means.</summary>
    /// <exception cref="CommandFailedException">It means none, or several.</exception>
    internal async Task<JobId> JobAsync(string reference, CancellationToken cancel) =>
        await ResolveAsync(NeedUsage(JobReference.Parse(reference), "job"), cancel) is [var one] ? one : throw Wrong($"\"{reference}\" is several jobs; name one of them, such as 5_3");

    /// <summary>The job, or the jobs of a group, that a reference means.</summary>
    internal Task<IReadOnlyList<JobId>> JobsOfAsync(string reference, CancellationToken cancel) => ResolveAsync(NeedUsage(JobReference.Parse(reference), "job"), cancel);

    /// <summary>The jobs of a group that a reference means, in the order of their numbers.</summary>
    internal async Task<IReadOnlyList<JobId>> TasksAsync(TaskReference reference, CancellationToken cancel)
    {
        var group = Need(await Client.GroupAsync(reference.Group, cancel));
        if (group.Indices is not { } text)
        {
            var jobs = Need(await Client.ListAsync(new() { Group = group.GroupId }, cancel));
            return [.. jobs.Where(job => reference.Tasks is null || (job.TaskId is { } index && reference.Tasks.Contains(index))).Select(job => new JobId(job.Id))];
        }

        List<uint> indices = [.. Need(IndexListText.Parse(text))];
        if ((reference.Tasks ?? []).Where(index => indices.BinarySearch(index) < 0).Take(1).ToList() is [var unknown])
        {
            throw No($"group {group.Number} has no task {unknown}; it has {text}", ProblemCode.NotFound);
        }

        return [.. (reference.Tasks ?? indices).Select(index => new JobId(group.Number + (uint)indices.BinarySearch(index)))];
    }

    /// <summary>The numbers of the jobs and groups that dependencies name.</summary>
    internal async Task<ResolvedDependencies> ResolveAsync(DependencyWish? dependencies, CancellationToken cancel)
    {
        List<long> on = [];
        List<long> groups = [];
        foreach (var reference in dependencies?.On ?? [])
        {
            if (reference is JobReference.Tasks { Of: { Tasks: null } whole })
            {
                groups.Add(Need(await Client.GroupAsync(whole.Group, cancel)).Number);
            }
            else
            {
                on.AddRange((await ResolveAsync(reference, cancel)).Select(id => (long)id.Value));
            }
        }

        return new(on.Count > 0 ? on : null, groups.Count > 0 ? groups : null);
    }

    private async Task<IReadOnlyList<JobId>> ResolveAsync(JobReference reference, CancellationToken cancel) => reference switch
    {
        JobReference.Number number => [number.Id],
        JobReference.Tasks tasks => await TasksAsync(tasks.Of, cancel),
        _ => [Need(await Client.ResolveAsync(reference, context.User(), cancel))],
    };
}
