namespace Gflow.Core.Notifications;

/// <summary>That what waits for one target goes to another from now on; both are one when it has only another address.</summary>
public sealed record TargetHeir(KnownTarget From, KnownTarget To);

/// <summary>
/// Which target of a new configuration is which of the old one. One with a name is its name. One without is its address; and when
/// that was changed, its kind and its place in the file.
/// </summary>
public static class TargetSuccession
{
    /// <param name="before">The targets of the last configuration, and those that were away in it and for which something waits.</param>
    /// <param name="now">The targets of the new one.</param>
    public static IReadOnlyList<TargetHeir> Find(IReadOnlyList<KnownTarget> before, IReadOnlyList<KnownTarget> now)
    {
        var heirs = new List<TargetHeir>();
        var left = new List<KnownTarget>();
        foreach (var old in before)
        {
            if (now.FirstOrDefault(target => target.Name == old.Name) is not { } same)
            {
                left.Add(old);
            }
            else if (same.Address != old.Address)
            {
                heirs.Add(new TargetHeir(old, same));
            }
        }

        var names = before.Select(old => old.Name).ToHashSet();
        var fresh = now.Where(target => !names.Contains(target.Name)).ToList();

        // The same address, with a name that is new, or without the one it had; or numbered otherwise among others of its address.
        Match(old => now.Where(target => IsSame(old, target) && (fresh.Contains(target) || !(old.IsNamed || target.IsNamed))));

        left.RemoveAll(old => old.IsNamed);
        fresh.RemoveAll(target => target.IsNamed || heirs.Any(heir => heir.To == target));
        Match(old => old.IsAway ? [] : fresh.Where(target => target.Kind == old.Kind && target.Place == old.Place));

        fresh.RemoveAll(target => heirs.Any(heir => heir.To == target));
        Match(old => fresh.Where(target => IsReturnOf(old, target)));
        return heirs;

        void Match(Func<KnownTarget, IEnumerable<KnownTarget>> candidates)
        {
            foreach (var old in left.ToList())
            {
                if (candidates(old).FirstOrDefault() is { } heir)
                {
                    heirs.Add(new TargetHeir(old, heir));
                    left.Remove(old);
                }
            }
        }

        // Of what no configuration is remembered, the host must do, where it leaves no choice.
        bool IsReturnOf(KnownTarget old, KnownTarget target) =>
            target.Kind == old.Kind && target.Host == old.Host
            && (old.Place is { } place ? target.Place == place : IsOnly(old, fresh) && IsOnly(old, before.Where(other => other.Place is null)));

        static bool IsOnly(KnownTarget old, IEnumerable<KnownTarget> all) => all.Count(other => other.Kind == old.Kind && other.Host == old.Host) == 1;
    }

    private static bool IsSame(KnownTarget old, KnownTarget target) => target.Kind == old.Kind && target.Address == old.Address && !(old.IsNamed && target.IsNamed);
}
