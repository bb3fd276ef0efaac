using Gflow.Core.Events;
using Gflow.Core.Notifications;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Notifications;

/// <summary>When trouble begins and is over, so that others are told of it once.</summary>
public sealed class SpellTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Trouble_that_goes_on_is_one_spell_and_the_first_is_over_as_soon_as_all_is_well()
    {
        var spell = Spell.None.Trouble(Noon).Trouble(Noon.AddHours(3));
        Assert.Equal(Noon, spell.Since);
        Assert.Null(spell.Well(Noon.AddHours(4)).Since);
    }

    [Fact]
    public void Trouble_that_keeps_coming_back_is_over_only_after_it_has_been_well_for_longer_and_longer()
    {
        var (spell, now, begun) = (Spell.None, Noon, 0);
        while (now < Noon.AddHours(24))
        {
            var before = spell.Since;
            spell = spell.Trouble(now);
            begun += spell.Since == before ? 0 : 1;
            spell = spell.Well(now.AddSeconds(5));
            now = now.AddSeconds(10);
        }

        // Ten seconds of trouble and well-being in turn, for a day.
        Assert.InRange(begun, 2, 3);
    }

    [Fact]
    public void A_relapse_is_over_after_a_minute_without_trouble_by_the_clock_alone_and_long_after_all_is_forgotten()
    {
        var relapse = Spell.None.Trouble(Noon).Well(Noon.AddMinutes(1)).Trouble(Noon.AddMinutes(2));
        Assert.Equal(Noon.AddMinutes(2), relapse.Since);
        var well = relapse.Well(Noon.AddMinutes(3));
        Assert.Equal(Noon.AddMinutes(4), well.Over);
        Assert.NotNull(well.Look(Noon.AddMinutes(4).AddTicks(-1)).Since);
        var over = well.Look(Noon.AddMinutes(4));
        Assert.Null(over.Since);
        Assert.Null(over.Trouble(Noon.AddMinutes(4) + Spell.Soon).Well(Noon.AddHours(1)).Since);
    }

    [Fact]
    public void Trouble_within_that_minute_begins_no_other_spell()
    {
        var relapse = Spell.None.Trouble(Noon).Well(Noon.AddMinutes(1)).Trouble(Noon.AddMinutes(2)).Well(Noon.AddMinutes(3)).Trouble(Noon.AddMinutes(3).AddSeconds(59));
        Assert.Equal(Noon.AddMinutes(2), relapse.Since);
        Assert.Null(relapse.Over);
    }

    [Fact]
    public void A_target_that_answers_and_never_takes_anything_fails_after_five_times()
    {
        var spells = new TargetSpells("bad", null, null);
        var health = TargetHealth.Unproven;
        var row = Row();
        var busy = new DeliveryOutcome.TryLater("HTTP 429", 429);
        var broken = new DeliveryOutcome.TryLater("HTTP 500", 500);
        Assert.All(Enumerable.Range(0, 50), _ => Assert.Null(spells.Attempted(row, busy, health, Draft.Noon)));
        Assert.All(Enumerable.Range(0, 4), _ => Assert.Null(spells.Attempted(row, broken, health, Draft.Noon)));
        Assert.Equal("HTTP 500", spells.Attempted(row, broken, health, Draft.Noon)!.Event.Reason);
        Assert.Null(spells.Attempted(row, broken, health, Draft.Noon));
        Assert.Equal(EventType.NotificationTargetRecovered, spells.Attempted(row, new DeliveryOutcome.Delivered(), health, Draft.Noon)!.Event.Type);
    }

    [Fact]
    public void Whom_a_message_was_for_is_not_told_to_the_others()
    {
        var row = Row() with { Recipient = "Dana <dana@x.org>" };
        var told = new TargetSpells("lab", null, null).GivenUp(row, "SMTP 550 to the recipient: Dana@X.org is unknown here", Draft.Noon)!.Event;
        Assert.Equal(("SMTP 550 to the recipient: *** is unknown here", new GivenUpDelivery(7, "evt_1", EventType.JobFailed, 42)), (told.Reason, told.GivenUp));
    }

    private static DeliveryRow Row() => new()
    {
        Seq = 7,
        EventSeq = 1,
        EventUid = "evt_1",
        Type = EventType.JobFailed,
        EventAt = Draft.Noon,
        Target = "lab",
        OrderKey = 42,
        NextAt = Draft.Noon,
        Deadline = Draft.Noon,
        Payload = [],
    };
}
