using System.Text.Json.Serialization;

namespace Gflow.Core.Contracts;

/// <summary>The JSON of the routes about notifications, in the manner of <see cref="WireJson"/>; apart from it, so that no other command pays for knowing it.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(DeliveryView))]
[JsonSerializable(typeof(List<DeliveryView>))]
[JsonSerializable(typeof(TargetView))]
[JsonSerializable(typeof(List<TargetView>))]
[JsonSerializable(typeof(DeliveryAction))]
[JsonSerializable(typeof(TargetAction))]
[JsonSerializable(typeof(ResendDraft))]
[JsonSerializable(typeof(ResendOneDraft))]
[JsonSerializable(typeof(ResendAnswer))]
[JsonSerializable(typeof(ExplanationView))]
[JsonSerializable(typeof(PreviewView))]
[JsonSerializable(typeof(TestDraft))]
[JsonSerializable(typeof(TestStarted))]
public sealed partial class NotificationJson : JsonSerializerContext;
