using System.Globalization;
using Gflow.Cli.Rendering;
using Gflow.Core.Text;

namespace Gflow.Cli.Gqueue;

/// <summary><c>gqueue --watch</c>: the same list again and again, until it is stopped.</summary>
internal static class Watch
{
    private const int LongestInterval = 86_400;

    // ECMA-48, 8.3.21 (CUP), 8.3.41 (EL) and 8.3.39 (ED): drawn over, a screen does not flicker as one that is cleared first.
    private const string Home = "\e[H";
    private const string EraseLine = "\e[K";
    private const string EraseBelow = "\e[J";

    /// <param name="isForPeople">Whether a line above says when it was drawn.</param>
    /// <param name="show">Writes the list.</param>
    internal static async Task RunAsync(Invocation invocation, bool isForPeople, Func<TextWriter, Task> show, CancellationToken cancel)
    {
        var pause = Interval(invocation);
        while (true)
        {
            using var view = new StringWriter { NewLine = "\n" };
            if (isForPeople)
            {
                var updated = InstantText.FormatLocal(invocation.Now, Invocation.Need(invocation.Zone));
                var head = string.Create(CultureInfo.InvariantCulture, $"Last updated: {updated}  [Every {pause.TotalSeconds} s; Ctrl+C ends]");
                view.WriteLine(TextWidth.Cut(head, invocation.Context.Width ?? int.MaxValue));
                view.WriteLine();
            }

            await show(view);
            Draw(invocation, view.ToString());
            await invocation.Out.FlushAsync(cancel);
            await Task.Delay(pause, invocation.Context.Time, cancel);
        }
    }

    private static TimeSpan Interval(Invocation invocation)
    {
        const string Takes = "seconds from 1 to 86400, or a time such as 1m";
        if (invocation.Text("--interval") is not { } text || text.All(char.IsAsciiDigit))
        {
            return TimeSpan.FromSeconds(invocation.Number("--interval", Takes, 1, LongestInterval) ?? 2);
        }

        return DurationText.ParsePeriod(text) is { Ok: true } period && period.Value.TotalSeconds is >= 1 and <= LongestInterval
            ? period.Value
            : throw Invocation.Wrong($"--interval takes {Takes}, not \"{text}\"");
    }

    /// <summary>On a terminal in the place of what was there, as much of it as there are lines; elsewhere below it.</summary>
    private static void Draw(Invocation invocation, string view)
    {
        if (!invocation.Context.OutIsTerminal)
        {
            invocation.Out.Write(view);
            return;
        }

        var lines = view.TrimEnd('\n').Split('\n');
        var room = Math.Max(2, invocation.Context.TerminalHeight() ?? int.MaxValue) - 1;
        var shown = lines.Length <= room ? lines : [.. lines.Take(room - 1), $"… {lines.Length - room + 1} more lines"];
        invocation.Out.Write(Home);
        foreach (var line in shown)
        {
            invocation.Out.Write($"{line}{EraseLine}\n");
        }

        invocation.Out.Write(EraseBelow);
    }
}
