using System.Text;
using Gflow.Cli;
using Gflow.Client.Configuration;
using Microsoft.Extensions.Time.Testing;

namespace Gflow.Tests.TestKit;

/// <summary>One run of a command inside the test, and what it wrote.</summary>
internal sealed record CommandRun(int Code, string Out, string Error)
{
    internal static readonly DateTimeOffset Now = new(2031, 5, 2, 10, 0, 0, TimeSpan.Zero);

    internal static Task<CommandRun> Async(string line, ClientOptions? options = null, Func<CommandContext, CommandContext>? change = null) =>
        Async(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), options, change);

    internal static async Task<CommandRun> Async(string[] words, ClientOptions? options = null, Func<CommandContext, CommandContext>? change = null)
    {
        using var bytes = new MemoryStream();
        using var error = new StringWriter { NewLine = "\n" };
        await using var output = new StreamWriter(bytes, new UTF8Encoding(false)) { NewLine = "\n" };
        var context = new CommandContext
        {
            Out = output,
            OutBytes = bytes,
            Error = error,
            OpenIn = () => Stream.Null,
            InIsTerminal = true,
            TerminalWidth = () => null,
            Environment = new Dictionary<string, string> { ["HOME"] = "/home/dana" },
            WorkingDirectory = "/work/dir",
            User = () => "dana",
            Time = new FakeTimeProvider(Now),
            LoadOptions = _ => options ?? new ClientOptions { Host = "localhost", Port = 1, Socket = "/nonexistent/gflowd.sock" },
            Zone = _ => TimeZoneInfo.Utc,
        };
        var code = await CommandTable.RunAsync(words, change?.Invoke(context) ?? context, TestContext.Current.CancellationToken);
        await output.FlushAsync(TestContext.Current.CancellationToken);
        return new(code, Encoding.UTF8.GetString(bytes.ToArray()), error.ToString());
    }

    /// <summary>As in a terminal of so many columns.</summary>
    internal static Func<CommandContext, CommandContext> Terminal(int width) =>
        context => context with { OutIsTerminal = true, TerminalWidth = () => width };

    /// <summary>With this on standard input.</summary>
    internal static Func<CommandContext, CommandContext> Input(string text) =>
        context => context with { InIsTerminal = false, OpenIn = () => new MemoryStream(Encoding.UTF8.GetBytes(text)) };
}
