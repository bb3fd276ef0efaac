using System.Globalization;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using static Gflow.Client.DaemonRequest;

namespace Gflow.Client;

public sealed partial class GflowClient
{
    /// <summary>The targets of notifications and how they are.</summary>
    public Task<ClientResult<List<TargetView>>> TargetsAsync(CancellationToken cancel = default) =>
        SendAsync(Get("notifications/targets"), NotificationJson.Default.ListTargetView, cancel);

    /// <summary>Deliveries, the newest first.</summary>
    public Task<ClientResult<List<DeliveryView>>> DeliveriesAsync(DeliveryQuery filter, CancellationToken cancel = default) =>
        SendAsync(Get(filter.ToPath()), NotificationJson.Default.ListDeliveryView, cancel);

    /// <summary>What was or is to be told about a job, the newest first.</summary>
    public Task<ClientResult<List<DeliveryView>>> DeliveriesAsync(JobId job, CancellationToken cancel = default) =>
        SendAsync(Get($"jobs/{job}/notifications"), NotificationJson.Default.ListDeliveryView, cancel);

    /// <summary>One delivery with all its attempts.</summary>
    public Task<ClientResult<DeliveryView>> DeliveryAsync(long id, CancellationToken cancel = default) =>
        SendAsync(Get(Delivery(id)), NotificationJson.Default.DeliveryView, cancel);

    /// <summary>Has a delivery that is over sent again.</summary>
    public Task<ClientResult<DeliveryAction>> ResendAsync(long id, ResendOneDraft draft, CancellationToken cancel = default) =>
        SendAsync(Post($"{Delivery(id)}/resend", draft, NotificationJson.Default.ResendOneDraft), NotificationJson.Default.DeliveryAction, cancel);

    /// <summary>Has dead deliveries of a target sent again, or counts them.</summary>
    public Task<ClientResult<ResendAnswer>> ResendAsync(ResendDraft draft, CancellationToken cancel = default) =>
        SendAsync(Post("notifications/deliveries/resend", draft, NotificationJson.Default.ResendDraft), NotificationJson.Default.ResendAnswer, cancel);

    /// <summary>Gives up a delivery that waits.</summary>
    public Task<ClientResult<DeliveryAction>> CancelDeliveryAsync(long id, CancellationToken cancel = default) =>
        SendAsync(Change(HttpMethod.Post, $"{Delivery(id)}/cancel"), NotificationJson.Default.DeliveryAction, cancel);

    /// <summary>Sends nothing to a target until it is resumed.</summary>
    public Task<ClientResult<TargetAction>> PauseTargetAsync(string name, CancellationToken cancel = default) =>
        SendAsync(Change(HttpMethod.Post, $"{Target(name)}/pause"), NotificationJson.Default.TargetAction, cancel);

    /// <summary>Tries a target again that said it is gone.</summary>
    public Task<ClientResult<TargetAction>> EnableTargetAsync(string name, CancellationToken cancel = default) =>
        SendAsync(Change(HttpMethod.Post, $"{Target(name)}/enable"), NotificationJson.Default.TargetAction, cancel);

    /// <summary>Sends to a target again; one that is stopped is tried at once.</summary>
    public Task<ClientResult<TargetAction>> ResumeTargetAsync(string name, CancellationToken cancel = default) =>
        SendAsync(Change(HttpMethod.Post, $"{Target(name)}/resume"), NotificationJson.Default.TargetAction, cancel);

    /// <summary>Sends a marked message to a target.</summary>
    public Task<ClientResult<TestStarted>> TestTargetAsync(string name, TestDraft draft, CancellationToken cancel = default) =>
        SendAsync(Post($"{Target(name)}/test", draft, NotificationJson.Default.TestDraft), NotificationJson.Default.TestStarted, cancel);

    /// <summary>Who would be told of an event, and who not and why.</summary>
    /// <param name="job">The job it would be about; null for one of the caller's own, without recipients.</param>
    /// <param name="emails">Recipients that the job might name besides.</param>
    public Task<ClientResult<ExplanationView>> ExplainAsync(string eventName, JobId? job, IReadOnlyList<string> emails, CancellationToken cancel = default) => SendAsync(
        Get($"notifications/explain?event={Uri.EscapeDataString(eventName)}{About(job)}{string.Concat(emails.Select(email => $"&email={Uri.EscapeDataString(email)}"))}"),
        NotificationJson.Default.ExplanationView,
        cancel);

    /// <summary>What a target would be sent about an event, its secrets masked.</summary>
    /// <param name="job">The job it would be about; null for an invented one.</param>
    public Task<ClientResult<PreviewView>> PreviewAsync(string name, string eventName, JobId? job, CancellationToken cancel = default) =>
        SendAsync(Get($"{Target(name)}/preview?event={Uri.EscapeDataString(eventName)}{About(job)}"), NotificationJson.Default.PreviewView, cancel);

    private static string About(JobId? job) => job is { } id ? $"&job={id}" : "";

    private static string Delivery(long id) => string.Create(CultureInfo.InvariantCulture, $"notifications/deliveries/{id}");

    private static string Target(string name) => $"notifications/targets/{Uri.EscapeDataString(name)}";
}
