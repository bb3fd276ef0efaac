using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Notifications;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications.Control;

/// <summary>What people ask of targets and deliveries: done on the writer's turn, and told to the lanes once it is on disk.</summary>
internal sealed class NotificationRequests(NotificationsModule notifications, JobEngine engine)
{
    /// <summary>Most dead deliveries that one request has sent again, so that no commit holds up the others for long.</summary>
    public const int LargestResend = 10_000;

    public static Problem NotFound(long id) => new("not_found", $"There is no delivery {id}, or it is forgotten.", "id");

    /// <summary>A delivery that waits is not to be sent any more.</summary>
    public Turn<DeliveryAction> Cancel(long id, Caller caller) => batch =>
    {
        if (DeliveryHistory.Find(batch.Stored, id) is not { } delivery)
        {
            return NotFound(id);
        }

        var state = StateIn(batch, delivery);
        if (state != DeliveryState.Pending)
        {
            return new Problem("wrong_state", $"Delivery {id} is {DeliveryMapping.StateName(state)} and can no longer be cancelled.");
        }

        batch.Settle([new Settlement.Cancelled(id, batch.Now, $"cancelled by {caller.User}")]);
        batch.Then(() => notifications.LaneTo(delivery.Target)?.Reread());
        return new DeliveryAction(id, DeliveryMapping.StateName(DeliveryState.Cancelled));
    };

    /// <summary>A delivery that is over is to be sent again.</summary>
    public Result<Turn<DeliveryAction>> Resend(long id)
    {
        if (engine.Troubles is [var trouble, ..])
        {
            return trouble;
        }

        return Result<Turn<DeliveryAction>>.From(batch =>
        {
            if (DeliveryHistory.Find(batch.Stored, id) is not { } delivery)
            {
                return NotFound(id);
            }

            if (StateIn(batch, delivery) == DeliveryState.Pending)
            {
                return new Problem("wrong_state", $"Delivery {id} is waiting: it goes by itself.");
            }

            if (notifications.Find(delivery.Target) is null)
            {
                return new Problem("wrong_state", $"Delivery {id} cannot be sent again: its target {delivery.Target} is no longer configured.");
            }

            batch.Settle([new Settlement.Reopened(id, batch.Now, batch.Now + RetrySchedule.Lifetime)]);
            batch.Then(() => notifications.LaneTo(delivery.Target)?.Reread());
            return new DeliveryAction(id, DeliveryMapping.StateName(DeliveryState.Pending));
        });
    }

    /// <summary>What a target was not given is to be sent again, or only to be counted.</summary>
    public Result<Turn<ResendAnswer>> Resend(ResendDraft draft)
    {
        if (draft.Target is not { Length: > 0 } target)
        {
            return new Problem("missing_field", "target is missing: whose dead deliveries?", "target");
        }

        if (notifications.Find(target) is null)
        {
            return notifications.NotFound(target);
        }

        var (since, until) = (DateTimeOffset.UnixEpoch, default(DateTimeOffset?));
        if ((draft.Since is { } from && !from.TryToInstant(out since)) || (draft.Until is { } to && !Reads(to, out until)))
        {
            return new Problem("bad_instant", "since and until must be instants that a calendar holds", "since");
        }

        if (!draft.DryRun && engine.Troubles is [var trouble, ..])
        {
            return trouble;
        }

        return Result<Turn<ResendAnswer>>.From(batch =>
        {
            var span = new DeadSpan(target, since, until ?? batch.Now);
            var matched = TargetCounts.Dead(batch.Stored, span);
            if (draft.DryRun || matched == 0)
            {
                return new ResendAnswer(matched, 0, WireInstant.From(span.Until));
            }

            var now = batch.Now;
            batch.Write((writer, transaction) => DeliveryTable.ReopenDead(writer, transaction, span, now, now + RetrySchedule.Lifetime, LargestResend));
            batch.Then(() => notifications.LaneTo(target)?.Reread());
            return new ResendAnswer(matched, Math.Min(matched, LargestResend), WireInstant.From(span.Until));
        });
    }

    /// <summary>Nothing goes to a target until it is resumed.</summary>
    public Result<Turn<TargetAction>> Pause(string name, Caller caller) => Act(name, paused: true, batch =>
    {
        var pause = new TargetPause(batch.Now, caller.User);
        batch.Write((writer, transaction) => PauseTable.Pause(writer, transaction, name, pause));
        batch.Then(() => notifications.LaneTo(name)?.Paused());
    });

    /// <summary>A target is sent to again; one that was stopped or gone is tried at once.</summary>
    public Result<Turn<TargetAction>> Resume(string name) => Act(name, paused: false, batch =>
    {
        var deadline = batch.Now + RetrySchedule.Lifetime;
        batch.Write((writer, transaction) => PauseTable.Resume(writer, transaction, name, deadline));
        batch.Then(() => notifications.LaneTo(name)?.Resumed());
    });

    /// <summary>A marked message is to go to a target, before all others.</summary>
    /// <param name="to">A mailbox instead of those of the configuration; null for these.</param>
    public Result<Turn<TestStarted>> Test(string name, string? to, Caller caller)
    {
        if (notifications.Find(name) is not { } target)
        {
            return notifications.NotFound(name);
        }

        var recipients = Recipients(target, to, caller);
        if (!recipients.Ok)
        {
            return recipients.Problems.ToList();
        }

        var refusal = notifications.LaneTo(name)?.Current switch
        {
            null => "notifications are switched off; set enabled = true in [notifications]",
            { Pause: { } pause } => $"{name} was paused by {pause.User}; resume it first: gctl notify resume {name}",
            { Health: TargetHealth.Disabled gone } => $"{name} said that it is gone ({gone.Reason}); try it again with: gctl notify resume {name}",
            _ => null,
        };
        if (refusal is not null)
        {
            return new Problem("wrong_state", $"No test can be sent: {refusal}.");
        }

        return Result<Turn<TestStarted>>.From(batch =>
        {
            var test = new TargetTest(EventWriter.Uid(batch.Now), name, recipients.Value, caller.User);
            batch.Try(test);
            return new TestStarted(test.EventUid, test.Recipients.Count);
        });
    }

    private Result<IReadOnlyList<string?>> Recipients(TargetOptions target, string? to, Caller caller)
    {
        if (target is not EmailTransportOptions transport)
        {
            return to is null ? Result<IReadOnlyList<string?>>.From([null]) : new Problem("not_email", $"{target.Name} is a webhook and has no recipients; leave to out.", "to");
        }

        if (to is not null)
        {
            return MailboxRules.Problem(to) is { } problem ? new Problem("bad_recipient", $"'{to}' is no mailbox: {problem}", "to") : Result<IReadOnlyList<string?>>.From([to]);
        }

        if (transport.To.Count > 0)
        {
            return Result<IReadOnlyList<string?>>.From([.. transport.To.Select(mailbox => mailbox.ToString())]);
        }

        var own = RecipientRules.AddressOf(caller.User, notifications.Recipients);
        return own.Ok
            ? Result<IReadOnlyList<string?>>.From([own.Value])
            : new Problem("no_recipient", $"{target.Name} has no recipients of its own: say to whom the test is to go, with --to ADDRESS.", "to");
    }

    private Result<Turn<TargetAction>> Act(string name, bool paused, Action<EngineBatch> act) => notifications.Find(name) is null
        ? notifications.NotFound(name)
        : Result<Turn<TargetAction>>.From(batch =>
        {
            act(batch);
            return new TargetAction(name, paused);
        });

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
