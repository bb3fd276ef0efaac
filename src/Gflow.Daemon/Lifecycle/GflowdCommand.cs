using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Gflow.Client.Platform;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Lifecycle.Rendering;
using Gflow.Daemon.Lifecycle.Shared;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Lifecycle;

/// <summary>The command line of gflowd.</summary>
internal sealed class GflowdCommand
{
    private readonly Option<string?> _config = new("--config", "-c")
    {
        Description = "Read this file instead of the default one",
        HelpName = "FILE",
        Recursive = true,
    };

    private readonly Option<string?> _logFile = new("--log-file")
    {
        Description = "Write the log to this file, and keep one older one, instead of standard error",
        HelpName = "FILE",
    };

    private readonly Option<bool> _verbose = new("--verbose", "-v")
    {
        Description = "Log more; twice: everything, the web server's words too",
        Arity = ArgumentArity.Zero,
        Recursive = true,
    };

    private readonly Option<bool> _quiet = new("--quiet", "-q")
    {
        Description = "Log warnings and errors alone; twice: errors, three times: nothing",
        Arity = ArgumentArity.Zero,
        Recursive = true,
    };

    private readonly Option<bool> _gaveUpRoot = new(SharedStart.Flag) { Hidden = true };

    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly Terminal _terminal;
    private readonly TimeProvider _time;

    public GflowdCommand(IReadOnlyDictionary<string, string> environment, Terminal terminal, TimeProvider time)
    {
        _environment = environment;
        _terminal = terminal;
        _time = time;
    }

    /// <returns>The exit code: 0 done, 1 refused or failed, 2 wrong usage, 3 not running (of <c>status</c>).</returns>
    public async Task<int> RunAsync(string[] arguments, CancellationToken ct)
    {
        var parsed = Root().Parse(arguments);
        if (parsed.Errors.Count > 0 && parsed.Action is not (ExamplesAction or VersionAction))
        {
            foreach (var error in parsed.Errors)
            {
                await _terminal.Error.WriteLineAsync($"gflowd: {error.Message}");
            }

            await _terminal.Error.WriteLineAsync("See: gflowd --help");
            return VerbExitCodes.WrongUsage;
        }

        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = _terminal.Out,
                Error = _terminal.Error,
                EnableDefaultExceptionHandler = false,
                // Serving has its own idea of signals.
                ProcessTerminationTimeout = null,
            },
            ct);
    }

    /// <summary>The whole grammar; what the documentation shows is held against it.</summary>
    internal RootCommand Root()
    {
        var root = new RootCommand("The gflow daemon: schedules jobs on this machine. Without a subcommand it serves in the foreground and logs to standard error.");
        root.Options.Add(_config);
        root.Options.Add(_logFile);
        root.Options.Add(_verbose);
        root.Options.Add(_quiet);
        root.Options.Add(_gaveUpRoot);
        root.SetAction((parsed, ct) =>
            new ServeCommand(Context(parsed), parsed.GetValue(_logFile) is { } file ? WorkingDirectory.Absolute(file) : null).RunAsync(ct));
        root.Subcommands.Add(Verb("start", "up", "Start the daemon in the background and wait until it answers", (context, ct) => new StartCommand(context).RunAsync(ct)));
        root.Subcommands.Add(Stop());
        root.Subcommands.Add(Verb("restart", null, "Stop the daemon if it runs, and start it; jobs go on", RestartAsync));
        root.Subcommands.Add(Verb("reload", null, "Have the daemon read its configuration again", (context, ct) => new ReloadCommand(context).RunAsync(ct)));
        root.Subcommands.Add(Status());
        root.Subcommands.Add(Config());
        root.Subcommands.Add(Verb("demo", null, "Show all of it: a daemon in a temporary home, jobs, webhooks and mails, and nothing left behind", (context, ct) => new DemoCommand(context).RunAsync(ct)));
        Equip(root);
        return root;
    }

    private Command Stop()
    {
        var cancelJobs = new Option<bool>("--cancel-jobs") { Description = "First cancel all queued and running jobs and wait for their end; held jobs stay" };
        var stop = new Command("stop", "Stop the daemon; jobs go on and the next start takes them over") { cancelJobs };
        stop.Aliases.Add("down");
        stop.SetAction((parsed, ct) => new StopCommand(Context(parsed), parsed.GetValue(cancelJobs)).RunAsync(ct));
        return stop;
    }

    private Command Status()
    {
        var json = Json();
        var status = new Command("status", "Tell whether the daemon runs, and how it is; exits with 3 when it does not run") { json };
        status.SetAction((parsed, ct) => new StatusCommand(Context(parsed), parsed.GetValue(json)).RunAsync(ct));
        return status;
    }

    private Command Config()
    {
        var json = Json();
        var connect = new Option<bool>("--connect") { Description = "Also connect to each target of notifications, with TLS and login; nothing is sent" };
        var check = new Command("check", "Read the configuration as the daemon would and tell everything that is wrong with it") { json, connect };
        check.SetAction(async (parsed, ct) =>
        {
            var context = Context(parsed);
            var report = parsed.GetValue(connect)
                ? await ConfigCheck.ConnectAsync(context.ConfigPath, _environment, context.Paths, parsed.GetValue(json), _time, ct)
                : ConfigCheck.Run(context.ConfigPath, _environment, context.Paths, parsed.GetValue(json));
            await _terminal.Out.WriteAsync(report.Output);
            return report.ExitCode;
        });
        return new Command("config", "Look at the configuration") { check };
    }

    private static Option<bool> Json() => new("--json") { Description = "Answer in JSON" };

    private Command Verb(string name, string? alias, string description, Func<VerbContext, CancellationToken, Task<int>> run)
    {
        var verb = new Command(name, description);
        if (alias is not null)
        {
            verb.Aliases.Add(alias);
        }

        verb.SetAction((parsed, ct) => run(Context(parsed), ct));
        return verb;
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

    private VerbContext Context(ParseResult parsed) =>
        new(parsed.GetValue(_config) is { } file ? WorkingDirectory.Absolute(file) : null, _environment, _terminal, _time, parsed.GetValue(_gaveUpRoot)) { LeastLogged = Least(parsed) };

    private LogLevel Least(ParseResult parsed)
    {
        var least = (int)LogLevel.Information - Times(_verbose) + Times(_quiet);
        return (LogLevel)Math.Clamp(least, (int)LogLevel.Trace, (int)LogLevel.None);

        int Times(Option<bool> option) => parsed.GetResult(option)?.IdentifierTokenCount ?? 0;
    }

    /// <summary>Gives every command help with examples, and the version.</summary>
    private static void Equip(RootCommand root)
    {
        foreach (var option in root.Options)
        {
            switch (option)
            {
                case HelpOption { Action: HelpAction action } help:
                    help.Action = new ExamplesAction(action);
                    break;
                case VersionOption version:
                    version.Recursive = true;
                    version.Action = new VersionAction();
                    break;
            }
        }
    }

    private sealed class VersionAction : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"gflowd {DaemonHost.Version}");
            return VerbExitCodes.Done;
        }
    }

    private sealed class ExamplesAction(HelpAction help) : SynchronousCommandLineAction
    {
        private static readonly Dictionary<string, string[]> Examples = new()
        {
            ["start"] = ["gflowd start", "gflowd start --config ~/gpu-box.toml"],
            ["stop"] = ["gflowd stop", "gflowd stop --cancel-jobs"],
            ["restart"] = ["gflowd restart"],
            ["reload"] = ["gflowd config check && gflowd reload"],
            ["status"] = ["gflowd status", "gflowd status --json"],
            ["demo"] = ["gflowd demo"],
            ["config"] = ["gflowd config check"],
            ["check"] = ["gflowd config check", "gflowd config check --config new.toml --json", "gflowd config check --connect"],
        };

        private static readonly string[] OfRoot = ["gflowd start", "gflowd status", "gflowd --config ~/gpu-box.toml", "gflowd -vv"];

        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var exit = help.Invoke(parseResult);
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var example in Examples.GetValueOrDefault(parseResult.CommandResult.Command.Name, OfRoot))
            {
                output.WriteLine($"  {example}");
            }

            return exit;
        }
    }
}
