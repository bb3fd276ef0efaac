namespace Gflow.Core.Notifications;

/// <summary>Why a target is not told of an event, though the event happens.</summary>
public enum NotRouted
{
    /// <summary>It does not listen to events of this type.</summary>
    Event,

    /// <summary>It listens to certain users, and this is about another one or about none.</summary>
    User,

    /// <summary>It is told of groups as a whole, and this is about one of many jobs.</summary>
    Group,

    /// <summary>Mail: it would be told, but names nobody.</summary>
    NoRecipients,
}

/// <summary>What the router decides about one target.</summary>
/// <param name="Deliveries">Empty exactly when <paramref name="Why"/> says why.</param>
public sealed record RoutedTarget(Subscription Subscription, IReadOnlyList<Delivery> Deliveries, NotRouted? Why);
