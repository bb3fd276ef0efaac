using Gflow.Core.Contracts;
using Gflow.Core.Events;

namespace Gflow.Core.Notifications;

/// <summary>How an event is for those who hear of it.</summary>
public enum MailTone
{
    Plain,
    Good,
    Bad,
    Warning,
}

/// <summary>
/// What the mail about an event says, in all its forms: text and HTML are two ways to write this. Every text is on one line,
/// whatever the names in it hold, and not yet escaped for any form.
/// </summary>
public sealed record MailContent
{
    /// <summary><c>Job failed</c></summary>
    public required string Happening { get; init; }

    /// <summary><c>job #12 (train.sh)</c>; null for what is about the scheduler itself.</summary>
    public string? About { get; init; }

    public required MailTone Tone { get; init; }

    /// <summary>Which event it is, when, and of which scheduler.</summary>
    public required IReadOnlyList<MailFact> Origin { get; init; }

    /// <summary>The text that the event brings with it, line by line.</summary>
    public IReadOnlyList<string> Message { get; init; } = [];

    public IReadOnlyList<MailFact> Facts { get; init; } = [];

    public IReadOnlyList<string> Sentences { get; init; } = [];

    /// <summary>Why a job failed, as far as its end tells; null where that says no more than the facts.</summary>
    public string? Cause { get; init; }

    /// <summary>Commands to go on with.</summary>
    public IReadOnlyList<string> Commands { get; init; } = [];

    public static MailContent Of(NotificationPayload payload)
    {
        var words = payload.Event.Replace('_', ' ');
        var content = new MailContent
        {
            Happening = char.ToUpperInvariant(words[0]) + words[1..],
            Tone = ToneOf(payload.Event),
            Origin = MailFact.Of(payload),
            Message = payload.Text is { } text ? [.. text.Split('\n').Select(LineText.Of)] : [],
        };
        return payload switch
        {
            { Job: { } job } => content with
            {
                About = $"job #{job.Id}" + LineText.InBrackets(job.Name),
                Facts = MailFact.Of(job),
                Sentences = MailSummary.Sentences(payload, job),
                Cause = FailureCause.Of(payload.Event, job),
                Commands = MailSummary.Commands(payload, job),
            },
            { Group: { } group } => content with
            {
                About = $"group #{group.Number}" + LineText.InBrackets(group.Name),
                Tone = GroupSummary.Tone(group),
                Facts = MailFact.Of(group),
                Sentences = GroupSummary.Sentences(payload, group),
                Message = GroupSummary.Lists(group),
                Commands = GroupSummary.Commands(payload, group),
            },
            { Reservation: { } reservation } => content with
            {
                About = $"reservation #{reservation.Id}",
                Facts = MailFact.Of(reservation),
                Sentences = MailSummary.Sentences(payload, reservation),
                Commands = MailSummary.Commands(reservation),
            },
            { Notification: { } target } => content with { About = $"target {LineText.Of(target.Target)}", Facts = MailFact.Of(target), Commands = MailSummary.Commands(target) },
            { Gpu: { } gpu } => content with { About = $"GPU {gpu.Index}", Facts = MailFact.Of(gpu) },
            _ => content,
        };
    }

    private static MailTone ToneOf(string name) => EventTypes.TryParse(name, out var type)
        ? type switch
        {
            EventType.JobCompleted or EventType.GpuAvailable or EventType.SchedulerOnline or EventType.NotificationTargetRecovered => MailTone.Good,
            EventType.JobFailed or EventType.JobTimeout or EventType.NotificationTargetFailing => MailTone.Bad,
            EventType.JobCancelled or EventType.JobHeld or EventType.ReservationCancelled or EventType.SchedulerOffline or EventType.NotificationDead => MailTone.Warning,
            _ => MailTone.Plain,
        }
        : MailTone.Plain;
}
