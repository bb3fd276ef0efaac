using Gflow.Core.Arrays;
using Gflow.Core.Gpus;
using Gflow.Core.Text;

namespace Gflow.Core.Jobs;

/// <summary>What the user asked for: immutable, complete, validated. Only <see cref="Submission.SubmissionRules"/> makes one.</summary>
public sealed record JobSpec
{
    /// <summary>The name the user chose, as typed; null when none was given.</summary>
    public string? Name { get; init; }

    /// <summary>The script's path as the user knows it; what runs is the copy stored at submission.</summary>
    public string? Script { get; init; }

    /// <summary>A shell text, run by <c>bash -c</c>; null for scripts.</summary>
    public string? Command { get; init; }

    /// <summary>The script's arguments.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    public required string RunDir { get; init; }

    public int Gpus { get; init; }

    /// <summary>Which GPUs will do.</summary>
    public GpuWish GpuWish { get; init; } = GpuWish.Any;

    /// <summary>0 to 255, higher starts first.</summary>
    public byte Priority { get; init; } = DefaultPriority;

    public TimeSpan? TimeLimit { get; init; }

    public DependencySpec Dependencies { get; init; } = DependencySpec.None;

    public string? Project { get; init; }

    public NotificationWish? Notifications { get; init; }

    public JobId? RedoneFrom { get; init; }

    /// <summary>What each task of a sweep is called, with names of parameters in braces; in place of <see cref="Name"/>.</summary>
    public string? NameTemplate { get; init; }

    /// <summary>Its index in an array, where no plan of its group says it.</summary>
    public uint? TaskId { get; init; }

    /// <summary>The values of its parameters, where no plan of its group says them.</summary>
    public IReadOnlyDictionary<string, string>? Parameters { get; init; }

    /// <summary>What it is told of the array that it is from, where its group does not say it.</summary>
    public ArrayFrame? Frame { get; init; }

    /// <summary>SHA-256 of the stored script, hexadecimal; null for commands.</summary>
    public string? ScriptHash { get; init; }

    /// <summary>SHA-256 of the stored environment, hexadecimal; null when the submission brought none.</summary>
    public string? EnvironmentHash { get; init; }

    /// <summary>The permissions that new files of the job lack (umask(2)).</summary>
    public int Umask { get; init; } = DefaultUmask;

    /// <summary>Soft limits by the names of <see cref="ResourceLimits"/>, in the resource's unit, null for none; the launcher's own where one is missing.</summary>
    public IReadOnlyDictionary<string, long?> Limits { get; init; } = NoLimits;

    public const byte DefaultPriority = 10;

    /// <summary>Octal 022: readable by others, writable by the owner alone.</summary>
    public const int DefaultUmask = 18;

    public static readonly IReadOnlyDictionary<string, long?> NoLimits = new Dictionary<string, long?>();

    /// <inheritdoc cref="DisplayNameText.Of"/>
    public string DisplayName => DisplayNameText.Of(Name, Script, Command);

    /// <summary>All that is run: the shell text, or the script's path and its arguments as a shell would be given them.</summary>
    public string CommandLine => CommandLineOf(Script, Arguments, Command);

    /// <summary>The name with the values of parameters; null when none was given.</summary>
    public string? NameOf(IReadOnlyDictionary<string, string> parameters) => NameTemplate is { } template ? Placeholders.InName(template, parameters) : Name;

    /// <summary>What is run with these parameters: their values in the place of their names in command and arguments.</summary>
    /// <returns>Or the problem with a value that its place cannot take.</returns>
    public Result<JobSpec> FilledWith(IReadOnlyDictionary<string, string> parameters)
    {
        if (parameters.Count == 0)
        {
            return this;
        }

        return Command is { } command
            ? Placeholders.InShell(command, parameters).Map(filled => this with { Command = filled })
            : this with { Arguments = [.. Arguments.Select(argument => Placeholders.InWord(argument, parameters))] };
    }

    /// <inheritdoc cref="CommandLine"/>
    public static string CommandLineOf(string? script, IEnumerable<string> arguments, string? command) =>
        command ?? string.Join(' ', arguments.Select(ShellText.Quote).Prepend(script ?? "(standard input)"));
}

/// <summary>Whom a job's owner wants told by e-mail, and of what.</summary>
/// <param name="Emails">Addresses, validated, in the order given.</param>
/// <param name="Events">Wire names of job events, or <c>*</c> for all nine; never empty.</param>
public sealed record NotificationWish(IReadOnlyList<string> Emails, IReadOnlyList<string> Events)
{
    /// <summary>Whether, of a group, its first failure alone is told, and not those of all its jobs.</summary>
    public bool FirstFailureOnly { get; init; }
}
