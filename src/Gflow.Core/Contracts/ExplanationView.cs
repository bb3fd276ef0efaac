using System.Text.Json.Serialization;

namespace Gflow.Core.Contracts;

/// <summary>Who would be told of an event if it happened now, and who not.</summary>
public sealed record ExplanationView(string Event, string? User, IReadOnlyList<ToldView> Told, IReadOnlyList<NotToldView> NotTold);

/// <param name="Kind"><c>webhook</c> or <c>email</c>.</param>
/// <param name="Recipient">A mailbox; null for webhooks, and for a target's own recipients where these are not for everybody.</param>
/// <param name="Source"><c>target</c> when the configuration wants it, <c>job</c> when the job does.</param>
/// <param name="Health">How the target is now; see <see cref="TargetView.Health"/>.</param>
public sealed record ToldView(
    string Target, string Kind, string? Recipient, string Source, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Health = null);

/// <param name="Target">Null when it is about a recipient that the job names.</param>
/// <param name="Code"><c>off event filter no_recipients not_wished</c>, or the code with which a submission would be refused.</param>
public sealed record NotToldView(string? Target, string? Recipient, string Code, string Reason);

/// <summary>A message as it would be sent, with its secrets masked.</summary>
/// <param name="Request">The method and where it goes, or the addresses of the envelope.</param>
/// <param name="Headers">In the order in which they are sent.</param>
public sealed record PreviewView(string Target, string Kind, string Request, IReadOnlyList<HeaderView> Headers, string Body);

public sealed record HeaderView(string Name, string Value);
