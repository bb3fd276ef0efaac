using System.ComponentModel;
using System.Diagnostics;

namespace Gflow.EndToEnd.TestKit;

/// <summary>A program that ran to its end.</summary>
internal sealed record Ran(int Code, string Out, string Error)
{
    public override string ToString() => $"exit code {Code}\n{Out}{Error}";
}

/// <summary>Runs programs with exactly the environment given, and nothing on standard input.</summary>
internal static class Run
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<Ran> Async(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string? directory = null)
    {
        using var process = Start(program, arguments, environment, directory);
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            var error = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return new(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end, or left its output open, within {Patience.TotalSeconds:0} s");
        }
    }

    /// <summary>Starts a program whose output is read by the caller.</summary>
    public static Process Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string? directory = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? "/",
        };
        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Start(start);
        process.StandardInput.Close();
        return process;
    }

    /// <summary>A program that was written just now may still be open for writing in the child of another test, from its fork to its exec (execve(2), ETXTBSY).</summary>
    private static Process Start(ProcessStartInfo start)
    {
        const int TextFileBusy = 26;
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return Process.Start(start)!;
            }
            catch (Win32Exception busy) when (busy.NativeErrorCode == TextFileBusy && Stopwatch.GetElapsedTime(begun) < Patience)
            {
                Thread.Yield();
            }
        }
    }
}
