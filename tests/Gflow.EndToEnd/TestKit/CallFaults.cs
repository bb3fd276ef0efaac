using System.Text.RegularExpressions;

namespace Gflow.EndToEnd.TestKit;

/// <summary>Has system calls of a daemon tampered with, by strace, and knows which. Takes root.</summary>
internal sealed partial class CallFaults
{
    private const string Strace = "/usr/bin/strace";

    private readonly Machine _machine;
    private readonly string _trace;
    private readonly string[] _options;

    /// <param name="calls">Their names, with commas between them.</param>
    /// <param name="tampering">What becomes of which of them, as strace's <c>inject</c> has it; each thread's calls are counted by themselves.</param>
    /// <param name="files">Only calls for these files; all where there are none.</param>
    public CallFaults(Machine machine, string calls, string tampering, params ReadOnlySpan<string> files)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Making system calls of the daemon fail takes root.");
        _machine = machine;
        _trace = machine.At("trace");

        // Launcher and jobs are other programs, and none of this is meant for them.
        _options = ["-f", "-b", "execve", "-qq", "-o", _trace, "-e", $"trace={calls}", "-e", $"inject={calls}:{tampering}"];
        foreach (var file in files)
        {
            _options = [.. _options, "-P", file];
        }
    }

    /// <summary>The calls by now, each with its thread first.</summary>
    public IReadOnlyList<string> Calls => [.. Lines().Where(line => Call().IsMatch(line))];

    /// <summary>How many threads made them.</summary>
    public int Threads => Calls.Select(line => line.Split(' ')[0]).Distinct().Count();

    /// <summary>Whether one of them was answered with an error that it did not have.</summary>
    public bool HasFailed => Lines().Any(line => line.EndsWith("(INJECTED)", StringComparison.Ordinal));

    /// <summary>Starts a daemon in the foreground that is under it from its first instruction on, and returns at once.</summary>
    public void LaunchDaemon()
    {
        var installed = _machine.Program;
        _machine.Program = _machine.At("traced");
        var command = string.Join(' ', (string[])[Strace, "-D", "-I2", .. _options, installed]);
        File.WriteAllText(_machine.Program, $"#!/bin/sh\nexec {command} \"$@\"\n");
        File.SetUnixFileMode(_machine.Program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        _machine.LaunchDaemon();
        _machine.Program = installed;
    }

    /// <summary>From now on the daemon that runs is under it.</summary>
    public async Task AttachAsync()
    {
        using var strace = Run.Start(Strace, [.. _options, "-p", $"{_machine.DaemonPid}"], _machine.Environment);
        await _machine.UntilAsync(
            () => Directory.GetDirectories($"/proc/{_machine.DaemonPid}/task").All(task => Tracer(task) != 0),
            "every thread of the daemon is traced");
    }

    /// <summary>Leaves the daemon alone from now on, if it still runs.</summary>
    public async Task DetachAsync()
    {
        var daemon = $"/proc/{_machine.DaemonPid}";
        if (Tracer(daemon) is var strace and not 0)
        {
            Processes.Signal(strace, Processes.Interrupt);
            await _machine.UntilAsync(() => Tracer(daemon) == 0, "the daemon is not traced any more");
        }
    }

    private IEnumerable<string> Lines() => File.Exists(_trace) ? File.ReadLines(_trace) : [];

    /// <returns>The process that traces a task; 0 when there is none.</returns>
    private static int Tracer(string task)
    {
        try
        {
            const string Label = "TracerPid:";
            return int.Parse(File.ReadLines(Path.Combine(task, "status")).First(line => line.StartsWith(Label, StringComparison.Ordinal))[Label.Length..]);
        }
        catch (IOException)
        {
            // It has ended.
            return 0;
        }
    }

    // "17 fsync(11) = 0", but not the second half of a call that another one came in between.
    [GeneratedRegex(@"^\d+ +\w+\(")]
    private static partial Regex Call();
}
