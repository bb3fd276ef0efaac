using System.Text;
using Gflow.Core.Contracts;
using Gflow.Daemon.Lifecycle.Rendering;
using MimeKit;

namespace Gflow.Daemon.Demo.Rendering;

/// <summary>What the demo shows. Two receivers speak at once, so each item is written whole.</summary>
internal sealed class DemoText(Terminal terminal)
{
    private readonly Lock _lock = new();
    private readonly bool _colour = terminal.IsPeoples && !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";

    public void Heading(string text) => Write($"\n{Bold($"== {text} ==")}\n");

    public void Line(string text) => Write(text + "\n");

    public void Queue(IReadOnlyList<JobView> jobs)
    {
        var text = new StringBuilder();
        text.Append($"{"ID",-4}{"NAME",-10}{"STATE",-11}{"GPUS",-6}{"EXIT",-9}WHY\n");
        foreach (var job in jobs)
        {
            text.Append($"{job.Id,-4}{job.Name,-10}{job.State,-11}{job.Gpus,-6}{job.Signal ?? job.ExitCode?.ToString() ?? "-",-9}{job.ReasonText}\n");
        }

        Write(text.ToString());
    }

    public void Webhook(NotificationPayload payload, byte[] body) =>
        Write($"\n{Bold($"WEBHOOK {payload.Event}")}{About(payload)}\n  {Encoding.UTF8.GetString(body)}\n");

    public void Mail(MimeMessage mail)
    {
        var text = new StringBuilder();
        text.Append($"\n{Bold($"MAIL {mail.Subject}")}\n  From: {mail.From}\n  To:   {mail.To}\n");
        foreach (var line in (mail.TextBody ?? "").TrimEnd().Split('\n'))
        {
            text.Append($"  | {line.TrimEnd()}".TrimEnd()).Append('\n');
        }

        Write(text.ToString());
    }

    private static string About(NotificationPayload payload) => payload switch
    {
        { Job: { } job } => $" job {job.Id} ({job.Name})",
        { Gpu: { } gpu } => $" GPU {gpu.Index}",
        _ => "",
    };

    private string Bold(string text) => _colour ? $"\e[1m{text}\e[0m" : text;

    private void Write(string text)
    {
        lock (_lock)
        {
            terminal.Out.Write(text);
            terminal.Out.Flush();
        }
    }
}
