using System.Globalization;
using Gflow.Client.CommandLine;
using Gflow.Client.Platform;
using Gflow.Core.CommandLine;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Lifecycle.Rendering;
using Gflow.Daemon.Lifecycle.Shared;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Lifecycle;

/// <summary>One call of a verb.</summary>
internal sealed record VerbCall(ParsedCommand<VerbCall> Given, VerbContext Context);

/// <summary>The command line of gflowd.</summary>
internal sealed class GflowdCommand(IReadOnlyDictionary<string, string> environment, Terminal terminal, TimeProvider time)
{
    private const int UsualLines = 100;
    private const int DefaultInterval = 10;
    private const int LongestInterval = 1_000_000;

    private static readonly OptionSpec Json = new("--json", [], null, "Answer in JSON");

    /// <summary>The whole grammar; what the documentation shows is held against it.</summary>
    internal static CommandSpec<VerbCall> Root { get; } = new()
    {
        Name = "gflowd",
        Summary = "The gflow daemon: schedules jobs on this machine",
        Notes = ["Without a command it serves in the foreground and logs to standard error."],
        Options =
        [
            new("--log-file", [], "FILE", "Write the log to this file, and keep one older one, instead of standard error"),
            new(SharedStart.Flag, [], null, "") { Hidden = true },
        ],
        Common =
        [
            new("--config", ["-c"], "FILE", "Read this file instead of the default one"),
            new("--verbose", ["-v"], null, "Log more; twice: everything, the web server's words too"),
            new("--quiet", ["-q"], null, "Log warnings and errors alone; twice: errors, three times: nothing"),
            new("--help", ["-h"], null, "Show this help"),
            new("--version", ["-V"], null, "Show the version"),
        ],
        Subcommands =
        [
            Verb("start", ["up"], "Start the daemon in the background and wait until it answers", (call, ct) => new StartCommand(call.Context).RunAsync(ct)) with
            {
                Examples = [new("gflowd start", "With the usual configuration"), new("gflowd start --config ~/gpu-box.toml", "With another one")],
            },
            Verb("stop", ["down"], "Stop the daemon; jobs go on and the next start takes them over", (call, ct) => new StopCommand(call.Context, call.Given.Has("--cancel-jobs")).RunAsync(ct)) with
            {
                Options = [new("--cancel-jobs", [], null, "First cancel all queued and running jobs and wait for their end; held jobs stay")],
                Examples = [new("gflowd stop", "Leave the jobs as they are"), new("gflowd stop --cancel-jobs", "End them first")],
            },
            Verb("restart", [], "Stop the daemon if it runs, and start it; jobs go on", (call, ct) => RestartAsync(call.Context, ct)),
            Verb("reload", [], "Have the daemon read its configuration again", (call, ct) => new ReloadCommand(call.Context).RunAsync(ct)) with
            {
                Examples = [new("gflowd config check && gflowd reload", "Look whether it is right before")],
            },
            Verb("status", [], "Tell whether the daemon runs, and how it is; exits with 3 when it does not run", (call, ct) => new StatusCommand(call.Context, call.Given.Has("--json"), call.Given.Has("--check")).RunAsync(ct)) with
            {
                Options = [Json, new("--check", [], null, "Exit with 4 when something is ill: the database, a target of notifications, a GPU")],
                Examples = [new("gflowd status", "For people"), new("gflowd status --json", "For programs"), new("gflowd status --check", "For monitoring")],
            },
            Verb("log", [], "Show the daemon's log, wherever it goes", LogAsync) with
            {
                Notes = ["A file, or what systemd's journal keeps. Without a running daemon it is the log that gflowd start would go on with."],
                Options =
                [
                    new("--follow", ["-f"], null, "Go on with what is added, until Ctrl-C"),
                    new("--lines", ["-n"], "N", "Show the last N lines (default 100)"),
                ],
                Examples = [new("gflowd log", "The last 100 lines"), new("gflowd log -f", "See it grow"), new("gflowd log -n 100000 | grep warn", "Look for something")],
            },
            new()
            {
                Name = "config",
                Summary = "Look at the configuration",
                Subcommands =
                [
                    Verb("check", [], "Read the configuration as the daemon would and tell everything that is wrong with it", CheckAsync) with
                    {
                        Options = [Json, new("--connect", [], null, "Also connect to each target of notifications, with TLS and login; nothing is sent")],
                        Examples =
                        [
                            new("gflowd config check", "That of the daemon"),
                            new("gflowd config check --config new.toml --json", "Another one, for programs"),
                            new("gflowd config check --connect", "Whether the targets of notifications can be reached, too"),
                        ],
                    },
                ],
                Examples = [new("gflowd config check", "Tell everything that is wrong with it")],
            },
            Verb("gpu-probe", [], "Show what the NVIDIA driver says of the GPUs, as JSON; nothing is changed", (call, _) => Task.FromResult(Probe(call))) with
            {
                Options =
                [
                    new("--watch", [], null, "Go on, a line for each card that was read, until standard input ends; a line break there looks at once"),
                    new("--interval", [], "SECONDS", "How often --watch looks (default 10)"),
                ],
                Examples = [new("gflowd gpu-probe", "All cards, once"), new("gflowd gpu-probe --watch --interval 2", "Again and again")],
            },
            Verb("demo", [], "Show all of it: a daemon in a temporary home, jobs, webhooks and mails, and nothing left behind", (call, ct) => new DemoCommand(call.Context).RunAsync(ct)),
        ],
        NotAvailable =
        [
            new("nothing must be configured, and gflowd config check looks through what you write", "init"),
            new("packaging/gflowd.service is a unit for systemd", "service"),
            new("there are no completion scripts yet", "completion"),
            new("set [daemon] gpus in the configuration, or say gctl set-gpus", "--gpus"),
            new("set [daemon] gpu_allocation_strategy in the configuration", "--gpu-allocation-strategy"),
            new("set [daemon] gpu_poll_interval_secs in the configuration", "--gpu-poll-interval-secs"),
            new("leave it out", "--cleanup", "--direct-internal", "--gpus-internal", "--gpu-allocation-strategy-internal", "--gpu-poll-interval-secs-internal"),
        ],
        Examples =
        [
            new("gflowd start", "Start in the background"),
            new("gflowd status", "See how the daemon is"),
            new("gflowd --config ~/gpu-box.toml", "Serve in the foreground"),
            new("gflowd -vv", "The same, and log everything"),
        ],
        Run = (call, ct) => new ServeCommand(call.Context, call.Given.Text("--log-file") is { } file ? WorkingDirectory.Absolute(file) : null).RunAsync(ct),
    };

    /// <returns>The exit code: 0 done, 1 refused or failed, 2 wrong usage, 3 not running (of <c>status</c>).</returns>
    public async Task<int> RunAsync(string[] arguments, CancellationToken ct)
    {
        var given = ParsedCommand<VerbCall>.Parse(Root, arguments);
        if (given.Has("--help"))
        {
            HelpText.Write(terminal.Out, given, Palette.For("auto", terminal.IsScreen, environment), PageWidth.Of(environment, () => terminal.Width));
            return VerbExitCodes.Done;
        }

        if (given.Has("--version"))
        {
            await terminal.Out.WriteLineAsync($"gflowd {DaemonHost.Version}");
            return VerbExitCodes.Done;
        }

        if (given.Fault is { } fault)
        {
            await terminal.Error.WriteLineAsync($"gflowd: {fault}\nSee: gflowd --help");
            return VerbExitCodes.WrongUsage;
        }

        var least = (int)LogLevel.Information - given.Texts("--verbose").Count + given.Texts("--quiet").Count;
        var config = given.Text("--config") is { } file ? WorkingDirectory.Absolute(file) : null;
        var context = new VerbContext(config, environment, terminal, time, given.Has(SharedStart.Flag)) { LeastLogged = (LogLevel)Math.Clamp(least, (int)LogLevel.Trace, (int)LogLevel.None) };
        return await given.Spec.Run!(new VerbCall(given, context), ct);
    }

    private static CommandSpec<VerbCall> Verb(string name, IReadOnlyList<string> aliases, string summary, Func<VerbCall, CancellationToken, Task<int>> run) => new()
    {
        Name = name,
        Aliases = aliases,
        Summary = summary,
        Examples = [new($"gflowd {name}", summary)],
        Run = run,
    };

    private static async Task<int> CheckAsync(VerbCall call, CancellationToken ct)
    {
        var (context, json) = (call.Context, call.Given.Has("--json"));
        var report = call.Given.Has("--connect")
            ? await ConfigCheck.ConnectAsync(context.ConfigPath, context.Environment, context.Paths, json, context.Time, ct)
            : await ConfigCheck.RunAsync(context.ConfigPath, context.Environment, context.Paths, json);
        await context.Terminal.Out.WriteAsync(report.Output);
        return report.ExitCode;
    }

    private static Task<int> LogAsync(VerbCall call, CancellationToken ct)
    {
        var lines = UsualLines;
        return call.Given.Text("--lines") is { } text && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out lines) && lines > 0)
            ? Task.FromResult(Wrong(call, $"--lines takes a number of lines from 1, not \"{text}\""))
            : new ShowLogCommand(call.Context, lines, call.Given.Has("--follow")).RunAsync(ct);
    }

    private static int Probe(VerbCall call)
    {
        var command = new GpuProbeCommand(call.Context);
        var interval = DefaultInterval;
        if (call.Given.Text("--interval") is { } text)
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out interval) || interval is < 1 or > LongestInterval)
            {
                return Wrong(call, $"--interval takes seconds from 1 to {LongestInterval}, not \"{text}\"");
            }

            if (!call.Given.Has("--watch"))
            {
                return Wrong(call, "--interval says how often --watch looks; without --watch it looks once");
            }
        }

        return call.Given.Has("--watch") ? command.Watch(TimeSpan.FromSeconds(interval)) : command.Once();
    }

    private static int Wrong(VerbCall call, string what)
    {
        call.Context.Terminal.Error.WriteLine($"gflowd: {what}");
        return VerbExitCodes.WrongUsage;
    }

    private static async Task<int> RestartAsync(VerbContext context, CancellationToken ct)
    {
        if (context.LoadOptions() is null)
        {
            await context.Terminal.Error.WriteLineAsync("gflowd was left as it is.");
            return VerbExitCodes.Failed;
        }

        var stopped = await context.FindAsync(ct) is { Process: null } ? VerbExitCodes.Done : await new StopCommand(context, cancelJobs: false).RunAsync(ct);
        return stopped == VerbExitCodes.Done ? await new StartCommand(context).RunAsync(ct) : stopped;
    }
}
