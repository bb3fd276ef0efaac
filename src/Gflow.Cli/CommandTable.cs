using System.Reflection;
using Gflow.Cli.Gbatch;
using Gflow.Cli.Gcancel;
using Gflow.Cli.Gctl;
using Gflow.Cli.Ginfo;
using Gflow.Cli.Gjob;
using Gflow.Cli.Gqueue;
using Gflow.Cli.Gstats;
using Gflow.Cli.Rendering;
using Gflow.Client.CommandLine;
using Gflow.Client.Platform;
using Gflow.Core;
using Gflow.Core.CommandLine;
using Gflow.Core.Text;

namespace Gflow.Cli;

/// <summary>All commands of this program. A new one is one line here; help, errors and the documentation test follow.</summary>
internal static class CommandTable
{
    /// <summary>Name, what it does in a line, and how to make it: only the command that runs is made.</summary>
    internal static IReadOnlyList<(string Name, string Summary, Func<CommandSpec> Make)> All { get; } =
    [
        ("gbatch", "Submit a job: a script or a command", GbatchCommand.Make),
        ("gqueue", "List jobs", GqueueCommand.Make),
        ("gjob", "Show, follow, hold, release, change, repeat and await jobs", GjobCommand.Make),
        ("gcancel", "Cancel jobs", GcancelCommand.Make),
        ("ginfo", "Show the GPUs and who uses them", GinfoCommand.Make),
        ("gctl", "Change what the scheduler may use, steer notifications, and see who changed what", GctlCommand.Make),
        ("gstats", "Show usage statistics", GstatsCommand.Make),
    ];

    /// <summary>What every command understands.</summary>
    internal static IReadOnlyList<OptionSpec> Common { get; } =
    [
        new("--json", [], null, "Write JSON, errors too"),
        new("--color", [], "WHEN", "Colours: auto, always or never (default auto; NO_COLOR counts)"),
        new("--config", [], "FILE", "Read this configuration instead of the default one"),
        new("--help", ["-h"], null, "Show this help"),
        new("--version", ["-V"], null, "Show the version"),
    ];

    /// <summary>For the commands that had a log in other versions.</summary>
    internal static MissingSpec Verbosity { get; } = new("leave it out: this command writes no log", "--verbose", "-v", "--quiet", "-q");

    private static readonly MissingSpec Completion = new("there are no completion scripts yet", "completion");

    /// <summary>First words of other versions.</summary>
    private static readonly IReadOnlyList<MissingSpec> NotAvailable =
    [
        new("programs can use the HTTP API or --json", "mcp"),
        new("gflowd is a program of its own: leave gflow out", "gflowd"),
        new("leave it out", "__multicall"),
    ];

    internal static string Version { get; } =
        typeof(CommandTable).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    /// <summary>Runs the command that the program's own name, else the first word, names.</summary>
    /// <param name="program">The path the program was started by.</param>
    /// <returns>The exit code.</returns>
    internal static Task<int> RunAsync(string program, IReadOnlyList<string> arguments, CommandContext context, CancellationToken cancel = default)
    {
        var called = Path.GetFileName(program);
        return All.Any(entry => entry.Name == called)
            ? RunAsync([called, .. arguments], context, cancel)
            : RunAsync(arguments, context, cancel);
    }

    /// <summary>Runs the command that the first word names.</summary>
    /// <returns>The exit code.</returns>
    internal static async Task<int> RunAsync(IReadOnlyList<string> arguments, CommandContext context, CancellationToken cancel = default)
    {
        try
        {
            var code = await DispatchAsync(arguments, context, cancel);
            await context.Out.FlushAsync(cancel);
            return code;
        }
        catch (IOException error) when (DescriptorStream.IsReaderGone(error))
        {
            // Whoever read our output has read enough (head, less): that is no failure of ours.
            return ExitCodes.Done;
        }
        catch (IOException error)
        {
            context.Error.WriteLine($"gflow: {string.Join("; ", [.. context.Made, error.Message])}");
            return ExitCodes.Refused;
        }
    }

    /// <summary>The command with what it has in common with all others.</summary>
    internal static CommandSpec WithCommon(CommandSpec spec) => spec with
    {
        Common = Common,

        // The words of gbatch belong to jobs, and it says itself which it takes.
        NotAvailable = spec.PassesWordsOn ? spec.NotAvailable : [.. spec.NotAvailable, Completion],
    };

    private static async Task<int> DispatchAsync(IReadOnlyList<string> arguments, CommandContext context, CancellationToken cancel)
    {
        var first = arguments.Count > 0 ? arguments[0] : "--help";
        foreach (var (name, _, make) in All)
        {
            if (name == first)
            {
                return await RunAsync(make(), [.. arguments.Skip(1)], context, cancel);
            }
        }

        switch (first)
        {
            case "--version" or "-V":
                context.Out.WriteLine($"gflow {Version}");
                return ExitCodes.Done;
            case "--help" or "-h" or "help":
                return arguments.Count > 1 && All.Any(entry => entry.Name == arguments[1])
                    ? await DispatchAsync([.. arguments.Skip(1), "--help"], context, cancel)
                    : Overview(context);
            case var _ when NotAvailable.FirstOrDefault(missing => missing.IsCalled(first)) is { } lacking:
                context.Error.WriteLine($"gflow: {lacking.Refusal($"gflow {first}")}");
                return ExitCodes.Usage;
            default:
                var names = All.Select(entry => entry.Name).ToList();
                context.Error.WriteLine(NearestText.Find(first, names) is { } nearest
                    ? $"gflow: \"{SafeText.Line(first)}\" is not a command; did you mean {nearest}?"
                    : $"gflow: \"{SafeText.Line(first)}\" is not a command; there are {string.Join(", ", names)}");
                return ExitCodes.Usage;
        }
    }

    private static async Task<int> RunAsync(CommandSpec spec, IReadOnlyList<string> arguments, CommandContext context, CancellationToken cancel)
    {
        var parsed = ParsedCommand.Parse(WithCommon(spec), arguments);
        using var invocation = new Invocation(parsed, context);
        if (invocation.Has("--help"))
        {
            HelpText.Write(context.Out, parsed, invocation.Palette, context.Width);
            return ExitCodes.Done;
        }

        if (invocation.Has("--version"))
        {
            context.Out.WriteLine($"{spec.Name} {Version}");
            return ExitCodes.Done;
        }

        try
        {
            if (CommandLineText.Fault(spec.PassesWordsOn ? [.. arguments.SkipLast(Math.Max(parsed.Words.Count - 1, 0))] : arguments) is { } notText)
            {
                throw Invocation.Wrong(notText.Message);
            }

            if (invocation.Text("--color") is not (null or "auto" or "always" or "never"))
            {
                throw Invocation.Wrong($"--color takes auto, always or never, not \"{invocation.Text("--color")}\"");
            }

            return parsed.Fault is { } fault
                ? throw new CommandFailedException(ExitCodes.Usage, [new Problem(parsed.FaultCode, $"{fault}\ntry: {parsed.Path} --help")])
                : await parsed.Spec.Run!(invocation, cancel);
        }
        catch (CommandFailedException failure)
        {
            return Report(parsed.Spec.FailureCode is { } code ? new(code, failure.Problems) : failure, spec.Name, invocation);
        }
        finally
        {
            invocation.PassWarningOn();
        }
    }

    private static int Report(CommandFailedException failure, string name, Invocation invocation)
    {
        if (invocation.Json)
        {
            invocation.WriteJson(JobJson.Of(failure));
            return failure.ExitCode;
        }

        foreach (var problem in failure.Problems)
        {
            foreach (var line in problem.Message.Split('\n'))
            {
                invocation.Context.Error.WriteLine($"{name}: {SafeText.Line(line)}");
            }
        }

        return failure.ExitCode;
    }

    private static int Overview(CommandContext context)
    {
        var palette = Palette.For("auto", context.OutIsTerminal, context.Environment);
        var page = Math.Min(context.Width ?? 80, 100);
        context.Out.WriteLine("A job scheduler for one shared GPU machine.");
        context.Out.WriteLine();
        context.Out.WriteLine($"{palette.Paint("Usage:", Palette.Heading)} {palette.Paint("gflow", Palette.Literal)} COMMAND [ARGUMENTS]");
        context.Out.WriteLine("       COMMAND [ARGUMENTS]");
        HelpText.Section(context.Out, "Commands", [.. All.Select(entry => (entry.Name, entry.Summary))], palette, Palette.Literal, page);
        HelpText.Section(
            context.Out, "Options", [("-h, --help", "Show this help; COMMAND --help shows that of a command"), ("-V, --version", "Show the version")], palette, Palette.Literal, page);
        HelpText.Section(
            context.Out,
            "Examples",
            [("gbatch --gpus 1 train.sh", "Submit a script"), ("gqueue", "See your jobs"), ("gflowd start", "Start the daemon, when none runs yet")],
            palette,
            Palette.Literal,
            page);
        return ExitCodes.Done;
    }
}
