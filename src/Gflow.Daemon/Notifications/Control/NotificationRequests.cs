using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Notifications;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications.Control;

/// <summary>What administrators ask of targets and deliveries: done on the writer's turn, and told to the lanes once it is on disk.</summary>
internal sealed class NotificationRequests(NotificationsModule notifications, JobEngine engine)
{
    /// <summary>Most dead deliveries that one request has sent again, so that no commit holds up the others for long.</summary>
    public const int LargestResend = 10_000;

    private const string SwitchedOff = "notifications are switched off; set enabled = true in [notifications]";

    public static Problem NotFound(long id) => new(ProblemCode.NotFound, $"There is no delivery {id}, or it is forgotten.", "id");

    /// <summary>A delivery that waits is not to be sent any more.</summary>
    public Result<Turn<DeliveryAction>> Cancel(long id) => Result<Turn<DeliveryAction>>.From((batch, by) =>
    {
        if (DeliveryHistory.Find(batch.Stored, id) is not { } delivery)
        {
            return NotFound(id);
        }

        var state = StateIn(batch, delivery);
        if (state != DeliveryState.Pending)
        {
            return new Problem(ProblemCode.WrongState, $"Delivery {id} is {DeliveryMapping.StateName(state)} and can no longer be cancelled.");
        }

        batch.Settle([new Settlement.Cancelled(id, batch.Now, $"cancelled by {by.Name}")]);
        batch.Then(() => notifications.LaneTo(delivery.Target)?.Reread());
        return new DeliveryAction(id, DeliveryMapping.StateName(DeliveryState.Cancelled));
    });

    /// <summary>A delivery that is over is to be sent again.</summary>
    /// <param name="asNew">Whether as a message that its receiver has not seen.</param>
    public Result<Turn<DeliveryAction>> Resend(long id, bool asNew)
    {
        if (engine.Troubles is [var trouble, ..])
        {
            return trouble;
        }

        return Result<Turn<DeliveryAction>>.From((batch, _) =>
        {
            if (DeliveryHistory.Find(batch.Stored, id) is not { } delivery)
            {
                return NotFound(id);
            }

            if (StateIn(batch, delivery) == DeliveryState.Pending)
            {
                return new Problem(ProblemCode.WrongState, $"Delivery {id} is waiting: it goes by itself.");
            }

            if (!notifications.Find(delivery.Target).Ok)
            {
                return new Problem(ProblemCode.WrongState, $"Delivery {id} cannot be sent again: its target {delivery.Target} is no longer configured.");
            }

            var uid = asNew ? EventWriter.Uid(batch.Now) : null;
            batch.Settle([Reopened(id, batch.Now, uid)]);
            batch.Then(() => notifications.LaneTo(delivery.Target)?.Reread());
            return new DeliveryAction(id, DeliveryMapping.StateName(DeliveryState.Pending), uid);
        });
    }

    /// <summary>What a target was not given is to be sent again, or only to be counted.</summary>
    public Result<Turn<ResendAnswer>> Resend(ResendDraft draft)
    {
        if (draft.Target is not { Length: > 0 } name)
        {
            return new Problem(ProblemCode.MissingField, "target is missing: whose dead deliveries?", "target");
        }

        var target = notifications.Find(name);
        if (!target.Ok)
        {
            return target.Problems.ToList();
        }

        var (since, until) = (DateTimeOffset.UnixEpoch, default(DateTimeOffset?));
        if ((draft.Since is { } from && !from.TryToInstant(out since)) || (draft.Until is { } to && !Reads(to, out until)))
        {
            return new Problem(ProblemCode.BadInstant, "since and until must be instants that a calendar holds", "since");
        }

        if (!draft.DryRun && engine.Troubles is [var trouble, ..])
        {
            return trouble;
        }

        return Result<Turn<ResendAnswer>>.From((batch, _) =>
        {
            var span = new DeadSpan(name, since, until ?? batch.Now);
            var matched = TargetCounts.Dead(batch.Stored, span);
            if (draft.DryRun || matched == 0)
            {
                return new ResendAnswer(matched, 0, WireInstant.From(span.Until));
            }

            var dead = DeliveryTable.ReadDead(batch.Stored, span, LargestResend);
            batch.Settle([.. dead.Select(id => Reopened(id, batch.Now, draft.NewId ? EventWriter.Uid(batch.Now) : null))]);
            batch.Then(() => notifications.LaneTo(name)?.Reread());
            return new ResendAnswer(matched, dead.Count, WireInstant.From(span.Until));
        });
    }

    /// <summary>Nothing goes to a target until it is resumed.</summary>
    public Result<Turn<TargetAction>> Pause(string name) => Act(name, paused: true, (batch, by) =>
    {
        var pause = new TargetPause(batch.Now, by.Name);
        batch.Write((writer, transaction) => PauseTable.Pause(writer, transaction, name, pause));
        batch.Then(() => notifications.LaneTo(name)?.Paused());
    });

    /// <summary>A target is sent to again; one that was stopped is tried at once.</summary>
    public Result<Turn<TargetAction>> Resume(string name) => notifications.LaneTo(name)?.Current is { Pause: null, Health: TargetHealth.Disabled gone }
        ? new Problem(ProblemCode.WrongState, $"{name} was not paused: it said that it is gone ({gone.Reason}); {TryAgain(name)}.")
        : Act(name, paused: false, (batch, _) =>
        {
            var deadline = batch.Now + RetrySchedule.Lifetime;
            batch.Write((writer, transaction) => PauseTable.Resume(writer, transaction, name, deadline));
            batch.Then(() => notifications.LaneTo(name)?.Resumed());
        });

    /// <summary>A target that said that it is gone is tried again.</summary>
    public Result<Turn<TargetAction>> Enable(string name) => notifications.LaneTo(name)?.Current switch
    {
        { Health: TargetHealth.Disabled, Pause: var pause } => Act(name, paused: pause is not null, (batch, _) => batch.Then(() => notifications.LaneTo(name)?.Enabled())),
        null when notifications.Find(name).Ok => new Problem(ProblemCode.WrongState, $"{name} cannot be tried: {SwitchedOff}."),
        { Pause: not null } => new Problem(ProblemCode.WrongState, $"{name} did not say that it is gone: it is paused; resume it with: gctl notify resume {name}"),
        null => notifications.Find(name).Problems.ToList(),
        _ => new Problem(ProblemCode.WrongState, $"{name} did not say that it is gone (410): it is sent to as it is."),
    };

    /// <summary>A marked message is to go to a target, before all others.</summary>
    /// <param name="to">A mailbox instead of those of the configuration; null for these.</param>
    public Result<Turn<TestStarted>> Test(string name, string? to, Actor by)
    {
        var target = notifications.Find(name);
        var recipients = target.Ok ? Recipients(target.Value, to, by) : target.Problems.ToList();
        if (!recipients.Ok)
        {
            return recipients.Problems.ToList();
        }

        var hindrance = notifications.LaneTo(name)?.Current switch
        {
            null => SwitchedOff,
            { Pause: { } pause } => $"{name} was paused by {pause.User}; resume it first: gctl notify resume {name}",
            { Health: TargetHealth.Disabled gone } => $"{name} said that it is gone ({gone.Reason}); {TryAgain(name)}",
            _ => null,
        };
        if (hindrance is not null)
        {
            return new Problem(ProblemCode.WrongState, $"No test can be sent: {hindrance}.");
        }

        return Result<Turn<TestStarted>>.From((batch, who) =>
        {
            var test = new TargetTest(EventWriter.Uid(batch.Now), name, recipients.Value, who.Name);
            batch.Try(test);
            return new TestStarted(test.EventUid, test.Recipients.Count);
        });
    }

    private Result<IReadOnlyList<string?>> Recipients(TargetOptions target, string? to, Actor by)
    {
        if (target.Recipients is not { } fixedOnes)
        {
            return to is null ? Result<IReadOnlyList<string?>>.From([null]) : new Problem(ProblemCode.NotEmail, $"{target.Name} is a {target.Kind} and has no recipients; leave 'to' out.", "to");
        }

        if (to is not null)
        {
            return MailboxRules.Problem(to) is { } problem ? new Problem(ProblemCode.BadRecipient, $"'{to}' is no mailbox: {problem}", "to") : Result<IReadOnlyList<string?>>.From([to]);
        }

        if (fixedOnes.Count > 0)
        {
            return Result<IReadOnlyList<string?>>.From(fixedOnes);
        }

        var own = RecipientRules.AddressOf(by.Name, notifications.Recipients);
        return own.Ok
            ? Result<IReadOnlyList<string?>>.From([own.Value])
            : new Problem(ProblemCode.NoRecipient, $"{target.Name} has no recipients of its own: say to whom the test is to go, with --to ADDRESS.", "to");
    }

    private Result<Turn<TargetAction>> Act(string name, bool paused, Action<EngineBatch, Actor> act)
    {
        var target = notifications.Find(name);
        return !target.Ok
            ? target.Problems.ToList()
            : Result<Turn<TargetAction>>.From((batch, by) =>
            {
                act(batch, by);
                return new TargetAction(name, paused);
            });
    }

    private static Settlement.Reopened Reopened(long id, DateTimeOffset now, string? uid) => new(id, now, now + RetrySchedule.Lifetime, uid);

    private static string TryAgain(string name) => $"try it again with: gctl notify enable {name}";

    private static bool Reads(WireInstant wire, out DateTimeOffset? instant)
    {
        var reads = wire.TryToInstant(out var read);
        instant = reads ? read : null;
        return reads;
    }

    /// <summary>Its state once all that came before in the batch has taken effect.</summary>
    private static DeliveryState StateIn(EngineBatch batch, DeliveryRecord delivery) => batch.Settlements.LastOrDefault(settlement => settlement.Delivery == delivery.Seq) switch
    {
        null => delivery.State,
        Settlement.Delivered => DeliveryState.Delivered,
        Settlement.Dead => DeliveryState.Dead,
        Settlement.Cancelled => DeliveryState.Cancelled,
        _ => DeliveryState.Pending,
    };
}
